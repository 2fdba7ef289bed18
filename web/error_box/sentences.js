// An error's text in two parts. What is quoted or in brackets belongs to people, who write signs of
// any kind.

const END = /"[^"]*"|(?<!\w)'[^']*'|\([^()]*\)|\[[^[\]]*\]|(; |\. )/g;

/** What is wrong, which is the first sentence, and what to do: the rest, "" where there is none. */
export function sentences(text) {
  const plain = text.trim();
  const end = [...plain.matchAll(END)].find((found) => found[1]);
  if (!end) return [plain, ""];
  return [plain.slice(0, end.index), plain.slice(end.index + end[1].length).trim()];
}
