// Whether a subject's phrase stands in a prompt: the rule of method/phrases.py, on words in place of
// CLIP's tokens. Both are tested with the cases of tests/phrases.json.

// singular and plural endings, tried both ways
const ENDINGS = [
  ["", "s"], ["", "es"], ["y", "ies"], ["f", "ves"], ["fe", "ves"], ["man", "men"],
  ["child", "children"], ["person", "people"], ["mouse", "mice"], ["foot", "feet"],
  ["goose", "geese"], ["tooth", "teeth"],
];
// how CLIP cuts a text into words, before it cuts those into tokens
const WORDS = /'(?:s|t|re|ve|m|ll|d)|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu;
const LAST_WORD = /(\p{L}+)[^\p{L}\p{N}_]*$/u;
// in scripts without spaces the end of a word is not known here: a text that holds it counts
const UNSPACED = /[\u2e80-\u{3ffff}]/u;
const EMBEDDING = "embedding:";
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
// what the page fills in or takes away when it sends a prompt: {red|blue} and comments
const CHANGED = /[{}]|\/\/|\/\*/;

/** Whether a prompt is sent as it is written. */
export function isSentAsIs(prompt) {
  return !CHANGED.test(prompt);
}

/**
 * How often each name still has to be written into a prompt: 0 where it stands there, in singular
 * or plural, as often as there are subjects with it.
 */
export function lacking(prompt, names) {
  const words = wordsOf(prompt);
  const places = names.map((name) => placesOf(name, prompt, words));
  return places.map((own) => {
    const needed = places.filter((other) => `${other}` === `${own}`).length;
    return own.length ? Math.max(needed - own.length, 0) : 1;
  });
}

/** The prompt with a phrase at its end. */
export function withPhrase(prompt, phrase) {
  const text = prompt.replace(/[\s,]+$/, "");
  return text ? `${text}, ${phrase}` : phrase;
}

/** Whether two prompts are the same words with the same weights. */
export function isSameText(one, other) {
  const [these, those] = [one, other].map((text) => JSON.stringify(weighted(text)));
  return these === those;
}

/** Where a phrase stands among the words of a prompt, [start, end]; else its plural or singular. */
function placesOf(phrase, prompt, words) {
  for (const text of [phrase, ...otherNumbers(phrase)]) {
    const places = UNSPACED.test(text) ? within(prompt, text) : inOrder(wordsOf(text), words);
    if (places.length) return places;
  }
  return [];
}

function within(prompt, text) {
  const [where, what] = [prompt, text].map((one) => wordsOf(one).join(""));
  const places = [];
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + what.length)) {
    places.push([at, at + what.length]);
  }
  return places;
}

function inOrder(wanted, words) {
  const places = [];
  if (!wanted.length) return places;
  for (let at = 0; at + wanted.length <= words.length; at++) {
    if (!wanted.every((word, index) => words[at + index] === word)) continue;
    places.push([at, at + wanted.length]);
    at += wanted.length - 1;
  }
  return places;
}

/** The phrase with its last word in the plural or singular, as far as endings tell. */
function otherNumbers(phrase) {
  const match = phrase.match(LAST_WORD);
  if (!match) return [];
  const word = match[1].toLowerCase();
  const others = [];
  for (const [one, many] of ENDINGS) {
    for (const [old, made] of [[one, many], [many, one]]) {
      if (!word.endsWith(old)) continue;
      const other = word.slice(0, word.length - old.length) + made;
      const longer = other.length > word.length ? other : word;
      if (!other || longer.endsWith("ss")) continue; // a princess is not one of the princes
      others.push(phrase.slice(0, match.index) + other + phrase.slice(match.index + match[1].length));
    }
  }
  return others;
}

function wordsOf(text) {
  return weighted(text).map(([word]) => word);
}

/** The words of a prompt, each with its weight: "(big (dog:1.3)):0.5)". */
function weighted(prompt) {
  const text = prompt.replaceAll("\\)", "\0\x01").replaceAll("\\(", "\0\x02");
  return parts(text, 1).flatMap(([part, weight]) => {
    const plain = part.replaceAll("\0\x01", ")").replaceAll("\0\x02", "(");
    return plain.split(/[ \n](?=embedding:)/).flatMap(words).map((word) => [word, weight]);
  });
}

function words(text) {
  if (!text.startsWith(EMBEDDING)) return text.normalize("NFC").toLowerCase().match(WORDS) ?? [];
  const [name = ""] = text.slice(EMBEDDING.length).trim().split(/\s/);
  const bare = name.replace(/,+$/, "");
  const rest = text.slice(text.indexOf(name, EMBEDDING.length) + bare.length);
  return [EMBEDDING + bare, ...(rest.match(WORDS) ?? []).map((word) => word.toLowerCase())];
}

/** The parts of a text that have a weight of their own by ComfyUI's brackets. */
function parts(text, weight) {
  return bracketed(text).flatMap((part) => {
    if (part.length < 2 || !part.startsWith("(") || !part.endsWith(")")) return [[part, weight]];
    const inner = part.slice(1, -1);
    const colon = inner.lastIndexOf(":");
    const told = inner.slice(colon + 1);
    if (colon <= 0 || !NUMBER.test(told)) return parts(inner, weight * 1.1);
    return parts(inner.slice(0, colon), Number(told));
  });
}

/** A text, cut before and behind its outermost brackets. */
function bracketed(text) {
  const found = [];
  let [part, depth] = ["", 0];
  const cut = (next) => {
    if (part) found.push(part);
    part = next;
  };
  for (const char of text) {
    if (char === "(" && depth++ === 0) cut(char);
    else if (char === ")" && --depth === 0) {
      part += char;
      cut("");
    } else part += char;
  }
  cut("");
  return found;
}
