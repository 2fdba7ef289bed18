// What cannot be done with a picture, to be said to the person who dropped it.

export class Refusal extends Error {
  /** @param key of texts.js; `values` fill its blanks. */
  constructor(key, ...values) {
    super(key);
    this.key = key;
    this.values = values;
  }
}
