// The editor's texts: complete in every language that the pack has.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";

import { counted, say, speak, TEXTS } from "../../web/layout_editor/texts.js";

const LANGUAGES = readdirSync(new URL("../../locales", import.meta.url)).sort();
const OTHERS = LANGUAGES.filter((language) => language !== "en");
const LONG = 25; // a shorter text may be the same in two languages

function blanks(text) {
  return text.match(/\{\w*\}/g)?.sort() ?? [];
}

test("there are texts for each language of the pack", () => {
  assert.deepEqual(Object.keys(TEXTS).sort(), LANGUAGES);
  assert.ok(OTHERS.length >= 3);
});

for (const language of OTHERS) {
  test(`every text is translated: ${language}`, () => {
    const texts = TEXTS[language];
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(TEXTS.en).sort());
    for (const [key, text] of Object.entries(texts)) {
      assert.notEqual(text.trim(), "", key);
      assert.deepEqual(blanks(text), blanks(TEXTS.en[key]), key);
      assert.ok(text.length <= LONG || text !== TEXTS.en[key], key);
    }
  });
}

test("the page's language is spoken, English where there are no texts for it", () => {
  for (const [locale, spoken] of [["ja", "ja"], ["zh-TW", "zh"], ["pt-BR", "en"], ["en", "en"]]) {
    speak(locale);
    assert.equal(say("empty"), TEXTS[spoken].empty);
  }
  speak("en");
  assert.match(say("count", "3 boxes", "2 subjects"), /^3 boxes for 2 subjects\b/);
});

test("one thing is not several", () => {
  const expected = { en: ["1 box", "2 boxes"], zh: ["1 个框", "2 个框"], ja: ["ボックス1個", "ボックス2個"] };
  for (const [locale, texts] of Object.entries(expected)) {
    speak(locale);
    assert.deepEqual([1, 2].map((number) => counted(number, "box", "boxes")), texts);
  }
  speak("en");
  assert.equal(counted(1, "subject", "subjects"), "1 subject");
});
