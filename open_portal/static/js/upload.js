/* Sends the file of a form in parts (tus 1.0), goes on after a broken connection or a reload, and shows how far it is.
   Written for browsers from 2017 on; without scripts, or without what it needs, the form sends its file whole. */

const TUS = "1.0.0";
const PREFIX = "tiaoxi-upload:";
const LONGEST_WAIT = 30;

class Stopped extends Error {}

class SignedOut extends Error {}

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function base64(text) {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

function megabytes(bytes) {
  return (bytes / 1000000).toFixed(1);
}

function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function keyOf(file, create) {
  return PREFIX + [create, file.name, file.size, file.lastModified].join("|");
}

const memory = {
  get(key) {
    try { return localStorage.getItem(key); } catch (error) { return null; }
  },
  set(key, value) {
    try { localStorage.setItem(key, value); } catch (error) { /* a reload will begin anew */ }
  },
  drop(key) {
    try { localStorage.removeItem(key); } catch (error) { /* nothing was kept */ }
  },
};

async function checksum(part) {
  if (!window.crypto || !crypto.subtle) { return null; }
  const digest = await crypto.subtle.digest("SHA-256", await new Response(part).arrayBuffer());
  return "sha256 " + btoa(Array.from(new Uint8Array(digest), (byte) => String.fromCharCode(byte)).join(""));
}

class Sender {
  constructor(form) {
    this.form = form;
    this.field = form.querySelector("input[type=file]");
    this.box = form.querySelector(".tx-upload");
    this.bar = this.box.querySelector("progress");
    this.words = this.box.querySelector("[role=status]");
    this.part = Number(form.dataset.part);
    this.create = form.dataset.create || null;
    this.place = null;
    this.next = null;
    this.abort = null;
    this.busy = false;
    form.addEventListener("submit", (event) => this.submitted(event));
    this.box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) { this[button.dataset.do](); }
    });
    window.addEventListener("online", () => { if (this.wake) { this.wake(); } });
    window.addEventListener("beforeunload", (event) => { if (this.busy) { event.preventDefault(); event.returnValue = ""; } });
  }

  submitted(event) {
    this.file = this.field.files[0];
    if (!this.file || !this.file.size) { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    this.start();
  }

  async start() {
    if (this.busy) { return; }
    this.busy = true;
    this.stopped = null;
    this.box.hidden = false;
    this.show("pause", true);
    this.show("resume", false);
    this.form.querySelector("button[type=submit]").disabled = true;
    try {
      if (!this.create && !(await this.register())) { return; }
      await this.persist();
    } catch (error) {
      this.busy = false;
      this.failed(error);
    }
  }

  /* A new dataset: its draft is entered first, by the same form without the file. */
  async register() {
    const form = new FormData(this.form);
    form.delete("file");
    const answer = await this.ask(this.form.action, { method: "POST", body: form });
    if (answer.status !== 201) {
      this.busy = false;
      this.field.disabled = true;
      HTMLFormElement.prototype.submit.call(this.form);
      return false;
    }
    const made = await answer.json();
    this.create = made.uploads;
    this.next = made.next;
    return true;
  }

  /* Send until all has come; a broken connection is waited for, longer and longer. */
  async persist() {
    let wait = 1;
    for (;;) {
      try {
        const result = await this.send(() => { wait = 1; });
        this.finished(result);
        return;
      } catch (error) {
        const passing = error instanceof TypeError || (error instanceof Refused && [423, 429, 460, 500, 502, 503, 504].includes(error.status));
        if (this.stopped) { throw new Stopped(this.stopped); }
        if (!passing) { throw error; }
        this.say("lost", { seconds: wait });
        await this.pauseFor(wait);
        wait = Math.min(wait * 2, LONGEST_WAIT);
        if (this.stopped) { throw new Stopped(this.stopped); }
      }
    }
  }

  pauseFor(seconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      this.wake = () => { clearTimeout(timer); resolve(); };
    }).then(() => { this.wake = null; });
  }

  async send(moved) {
    const key = keyOf(this.file, this.create);
    let { offset, result } = await this.begun(key);
    while (!result) {
      this.progress(offset, offset ? null : "sending");
      const part = this.file.slice(offset, offset + this.part);
      const answer = await this.append(offset, part);
      if (answer.status === 409) {
        offset = Number(answer.headers.get("Upload-Offset"));
        continue;
      }
      if ([404, 410].includes(answer.status)) {
        memory.drop(key);
        this.place = null;
        ({ offset, result } = await this.begun(key));
        continue;
      }
      if (answer.status !== 204) { throw await this.refusal(answer); }
      moved();
      offset = Number(answer.headers.get("Upload-Offset"));
      result = this.resultOf(answer);
      this.progress(offset, "sending");
    }
    memory.drop(key);
    return result;
  }

  /* Where the upload stands: one that was begun before is gone on with. */
  async begun(key) {
    this.place = this.place || memory.get(key);
    if (this.place) {
      const answer = await this.ask(this.place, { method: "HEAD" });
      if (answer.ok) {
        const offset = Number(answer.headers.get("Upload-Offset"));
        if (offset) { this.progress(offset, "resumed"); }
        return { offset, result: this.resultOf(answer) };
      }
      if (![404, 410].includes(answer.status)) { throw await this.refusal(answer); }
      memory.drop(key);
    }
    const note = this.form.elements.note;
    const metadata = ["filename " + base64(this.file.name)];
    if (note && note.value) { metadata.push("note " + base64(note.value)); }
    const rows = this.form.elements.source_rows;
    if (rows && rows.value) { metadata.push("rows " + base64(rows.value)); }
    const headers = { "Upload-Length": String(this.file.size), "Upload-Metadata": metadata.join(",") };
    const answer = await this.ask(this.create, { method: "POST", headers });
    if (answer.status !== 201) { throw await this.refusal(answer); }
    this.place = answer.headers.get("Location");
    memory.set(key, this.place);
    return { offset: 0, result: null };
  }

  async append(offset, part) {
    if (offset === this.file.size) { this.say("checking", {}); }
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const sum = await checksum(part);
    if (sum) { headers["Upload-Checksum"] = sum; }
    if (offset + part.size === this.file.size) { this.progress(this.file.size, "checking"); }
    return this.ask(this.place, { method: "PATCH", headers, body: part });
  }

  async ask(address, options) {
    this.abort = new AbortController();
    const headers = Object.assign(
      { "Accept": "application/json", "Tus-Resumable": TUS, "X-CSRFToken": this.form.elements.csrf_token.value },
      options.headers || {},
    );
    const answer = await fetch(address, Object.assign({}, options, { headers, redirect: "manual", signal: this.abort.signal }));
    if (answer.type === "opaqueredirect" || answer.status === 401) { throw new SignedOut(); }
    return answer;
  }

  resultOf(answer) {
    const place = answer.headers.get("Upload-Result");
    return place ? { place, hash: answer.headers.get("Upload-Sha256") } : null;
  }

  async refusal(answer) {
    let message = String(answer.status);
    try { message = (await answer.json()).message || message; } catch (error) { /* the status says what there is */ }
    return new Refused(answer.status, message);
  }

  finished(result) {
    this.busy = false;
    this.bar.value = 100;
    this.say("done", { hash: result.hash });
    window.location.assign(this.next || result.place);
  }

  failed(error) {
    this.form.querySelector("button[type=submit]").disabled = false;
    if (error instanceof Stopped) { return; }
    this.show("pause", false);
    this.show("resume", true);
    if (error instanceof SignedOut) { this.say("session", {}); } else { this.say("failed", { reason: error.message }); }
  }

  pause() {
    this.stop("pause");
    this.say("paused", { done: megabytes(this.reached || 0), size: megabytes(this.file.size) });
    this.show("pause", false);
    this.show("resume", true);
  }

  resume() {
    this.start();
  }

  async cancel() {
    this.stop("cancel");
    this.box.hidden = true;
    if (this.place) {
      memory.drop(keyOf(this.file, this.create));
      const place = this.place;
      this.place = null;
      try { await this.ask(place, { method: "DELETE" }); } catch (error) { /* it is given up after a day */ }
    }
  }

  stop(why) {
    this.stopped = why;
    if (this.abort) { this.abort.abort(); }
    if (this.wake) { this.wake(); }
  }

  progress(offset, words) {
    this.reached = offset;
    this.bar.value = Math.floor(100 * offset / this.file.size);
    if (words) { this.say(words, { done: megabytes(offset), size: megabytes(this.file.size) }); }
  }

  say(words, values) {
    this.words.textContent = fill(this.box.dataset[words], values);
  }

  show(what, shown) {
    this.box.querySelector("[data-do=" + what + "]").hidden = !shown;
  }
}

if (window.fetch && window.AbortController && window.TextEncoder) {
  document.querySelectorAll("form[data-upload]").forEach((form) => new Sender(form));
}
