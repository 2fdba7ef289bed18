// How the editor's parts tell what a person does: by events with plain data. Who listens is not
// their concern, and what comes of it they are shown later.

export class Teller extends EventTarget {
  fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** @param acts a function for each type of event, called with the event's data. */
  on(acts) {
    for (const [type, act] of Object.entries(acts)) {
      this.addEventListener(type, (event) => act(event.detail));
    }
  }
}
