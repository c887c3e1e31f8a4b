// "Did you mean": the link over an answer asks what its question may have meant.

import * as actions from "./actions.js";
import { enter } from "./ask.js";
import { box, control } from "./gradio.js";
import { find } from "./records.js";

const ask = (id, link) => {
  const answers = [...document.querySelectorAll("#yj-chat .yj-answer")];
  const accept = control("yj-accept");
  if (accept && answers.at(-1) === link.closest(".yj-answer")) {
    accept.click();
    return;
  }
  // The buttons under the chat are the last answer's: an earlier question is asked anew.
  enter(box(), find(id)?.record.understood?.suggestion ?? link.textContent);
  box().focus();
};

export const start = () => actions.on("meant", ask);
