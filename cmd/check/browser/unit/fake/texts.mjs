// What tests of texts look at.

/** The names of a message's parameters, sorted. @param {string} text */
export function placeholders(text) {
  const names = new Set([...text.matchAll(/\{(\w+)\}/g), ...text.matchAll(/\{(\w+), plural/g)].map((m) => m[1]));
  return [...names].sort();
}
