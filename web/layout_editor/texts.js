// What the editor says, in the page's language.

import { TEXTS as en } from "./texts/en.js";
import { TEXTS as ja } from "./texts/ja.js";
import { TEXTS as ko } from "./texts/ko.js";
import { TEXTS as zh } from "./texts/zh.js";

export const TEXTS = { en, zh, ja, ko };

let language = "en";

/** Chooses the language by the page's locale, such as "zh" or "pt-BR"; English where unknown. */
export function speak(locale) {
  language = [locale, locale?.split("-")[0]].find((name) => name in TEXTS) ?? "en";
}

/** A number of things, such as "1 box"; keys are those of one and of several. */
export function counted(number, one, several) {
  return say(number === 1 ? one : several, number);
}

export function say(key, ...values) {
  return TEXTS[language][key].replace(/\{(\d)\}/g, (_, index) => values[index]);
}
