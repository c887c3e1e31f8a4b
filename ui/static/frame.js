// What stands over each of our own documents: the languages, and the elder-friendly mode's switch.

import * as care from "./care.js";
import { texts } from "./dom.js";
import * as navigation from "./navigation.js";

export const start = () => {
  document.documentElement.lang = texts.tag;
  navigation.start();
  care.offer(document.getElementById("yj-tools"));
};
