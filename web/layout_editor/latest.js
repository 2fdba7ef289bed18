// One picture of a row of pictures: the last one that has come, while the next one is loading.

export class Latest {
  constructor() {
    this.source = null;
    this.loading = null;
    this.image = null;
  }

  /** @param source an address, or a Blob. @returns an image, or null. */
  of(source) {
    this.take(); // before the next one: previews may come more quickly than anybody looks
    if (source !== this.source && this.loading?.complete !== false) {
      this.source = source;
      this.loading = load(source);
      this.take();
    }
    return this.image;
  }

  take() {
    if (this.loading?.complete) this.image = this.loading.naturalWidth ? this.loading : null;
  }
}

function load(source) {
  if (typeof source === "string") return Object.assign(new Image(), { src: source });
  const image = new Image();
  const address = URL.createObjectURL(source);
  const release = () => URL.revokeObjectURL(address);
  image.addEventListener("load", release);
  image.addEventListener("error", release);
  image.src = address;
  return image;
}
