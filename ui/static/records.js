// Finished exchanges, as the chat carries them: each answer holds its record, base64url of JSON.

const decoded = new WeakMap(); // element -> record: decoded once for each element

// The record of an answer, or null while it is still being written.
export const recordOf = (answer) => {
  const holder = answer?.querySelector(".yj-record");
  if (!holder) return null;
  if (!decoded.has(holder)) decoded.set(holder, decode(holder.textContent));
  return decoded.get(holder);
};

// All records of the conversation that is shown, oldest first.
export const records = () =>
  [...document.querySelectorAll("#yj-chat .yj-answer")].map(recordOf).filter(Boolean);

// The answer of an exchange: its element and its record, or null.
export const find = (id) => {
  for (const answer of document.querySelectorAll("#yj-chat .yj-answer")) {
    const record = recordOf(answer);
    if (record?.id === id) return { answer, record };
  }
  return null;
};

const decode = (text) => {
  try {
    const binary = atob(text.trim().replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const record = JSON.parse(new TextDecoder().decode(bytes));
    return typeof record?.id === "string" ? record : null;
  } catch {
    return null; // not ours: left alone
  }
};
