/* Two takes in step: the left one is the clock, the right one is held to it. */
class Compare {
  constructor(article) {
    this.article = article;
    this.rate = Number(article.dataset.rate);
    this.panes = [...article.querySelectorAll(".pane")];
    this.videos = this.panes.map((pane) => pane.querySelector("video"));
    this.sides = [...article.querySelectorAll("select")];
    this.clock = article.querySelector(".clock");
    this.films = new Map([...this.sides[0].options].map((option) => [option.value, option]));
    this.videos.forEach(play_as_blob);
    this.sides.forEach((side, n) => side.addEventListener("change", () => this.choose(n)));
    const slide = article.querySelector(".slide");
    const edge = slide.querySelector("input");
    const wipe = article.querySelector("[data-do=wipe]");
    const shown = article.querySelector(".panes");
    wipe.addEventListener("change", () => {
      shown.classList.toggle("wiping", wipe.checked);
      slide.hidden = !wipe.checked;
    });
    edge.addEventListener("input", () => shown.style.setProperty("--edge", `${edge.value}%`));
    for (const video of this.videos) {
      for (const name of ["play", "pause", "ended", "seeked"]) video.addEventListener(name, () => this.show());
    }
  }

  /* Films are read when they are first wanted: a page may carry a hundred. */
  async ready() {
    this.loaded ??= Promise.all(this.videos.map((_, n) => this.load(n)));
    await this.loaded;
  }

  load(n) {
    const video = this.videos[n];
    const option = this.films.get(this.sides[n].value);
    if (!option?.dataset.film) return Promise.resolve();
    return new Promise((resolve) => {
      video.addEventListener("loadeddata", resolve, { once: true });
      video.preload = "auto";
      video.src = option.dataset.film;
    });
  }

  async choose(n) {
    const at = this.videos[1 - n].currentTime;
    this.stop();
    const option = this.films.get(this.sides[n].value);
    this.panes[n].querySelector("figcaption").textContent = option.dataset.words;
    this.videos[n].poster = option.dataset.still ?? "";
    if (!this.loaded) return;
    await this.load(n);
    await this.seek(at);
  }

  get is_playing() { return this.videos.some((video) => !video.paused && !video.ended); }

  get frame() { return Math.max(0, Math.floor(this.videos[0].currentTime * this.rate + 1e-3)); }

  stop() {
    for (const video of this.videos) {
      video.pause();
      video.playbackRate = 1;
    }
  }

  seek(seconds) {
    return Promise.all(this.videos.map((video) => new Promise((resolve) => {
      if (!video.src || video.currentTime === seconds) return resolve();
      video.addEventListener("seeked", resolve, { once: true });
      video.currentTime = Math.min(seconds, video.duration || seconds);
    })));
  }

  async do(what) {
    await this.ready();
    if (what === "play") {
      if (this.is_playing) {
        this.stop();
        await this.seek((this.frame + 0.5) / this.rate);
        return;
      }
      const over = this.videos.every((video) => video.currentTime >= video.duration - 1 / this.rate);
      await this.seek(over ? 0 : this.videos[0].currentTime);
      await Promise.all(this.videos.filter((video) => video.src).map((video) => video.play()));
      this.follow();
      return;
    }
    this.stop();
    const last = Math.max(...this.videos.map((video) => Math.round((video.duration || 0) * this.rate))) - 1;
    const step = what === "on" ? 1 : what === "back" ? -1 : 0;
    const frame = what === "before" ? 0 : what === "after" ? last : this.frame + step;
    await this.seek((Math.min(last, Math.max(0, frame)) + 0.5) / this.rate);
  }

  /* A start that came late is caught up by a little speed; a larger gap by a jump. */
  follow() {
    const [clock, other] = this.videos;
    this.show();
    if (!this.is_playing) return;
    if (!clock.ended && !other.ended && !other.paused) {
      const off = other.currentTime - clock.currentTime;
      if (Math.abs(off) > 0.4) other.currentTime = clock.currentTime;
      else if (Math.abs(off) > 0.2 / this.rate) other.playbackRate = Math.min(1.5, Math.max(0.5, 1 - 6 * off));
      else other.playbackRate = 1;
    }
    requestAnimationFrame(() => this.follow());
  }

  show() {
    this.article.classList.toggle("playing", this.is_playing);
    this.clock.textContent = String(this.frame);
  }
}

const comparisons = new Map(
  [...document.querySelectorAll(".compare")].map((article) => [article, new Compare(article)]),
);
