// What every script of a page uses: texts of the interface, and making elements.
//
// Text from articles, questions and models reaches the document through textContent and
// createElement only.

export const texts = {
  tag: "zh-Hans",
  ...JSON.parse(document.getElementById("yj-strings")?.textContent || "{}"),
};

export const create = (name, className, text) => {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

export const fill = (template, values) =>
  template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

const BIDI = /([\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])/;

// The same characters, with each bidirectional control in an isolated element of its own:
// it is named by the style sheet and reorders nothing.
export const write = (parent, text) => {
  for (const piece of text.split(BIDI)) {
    if (BIDI.test(piece)) {
      const control = create("span", "yj-control", piece);
      control.title = "U+" + piece.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      parent.append(control);
    } else if (piece) {
      parent.append(piece);
    }
  }
};

export const button = (className, label, onClick) => {
  const node = create("button", className, label);
  node.type = "button";
  if (onClick) node.addEventListener("click", onClick);
  return node;
};

// A button that shows a sign and is called by its label.
export const icon = (className, label, sign, onClick) => {
  const node = button("yj-icon " + className, sign, onClick);
  node.title = label;
  node.setAttribute("aria-label", label);
  return node;
};
