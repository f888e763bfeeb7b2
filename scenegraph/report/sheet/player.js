"use strict";
document.documentElement.classList.add("js");

/* A browser that will not play a film out of a data URL plays the same bytes as a blob. */
const play_as_blob = (video) => {
  video.addEventListener("error", () => {
    const [head, data] = video.src.split(",", 2);
    if (!head.startsWith("data:") || !data) return;
    const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
    video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
  }, { once: true });
};

const two_digits = (number) => String(number).padStart(2, "0");

const timecode = (frame, rate) => {
  const whole = Math.max(1, Math.round(rate));
  const seconds = Math.floor(frame / whole);
  return `${Math.floor(seconds / 60)}:${two_digits(seconds % 60)}:${two_digits(frame % whole)}`;
};

/* The film at the head of the page: whole frames, cuts, and the bar under it. */
class Film {
  constructor(stage) {
    this.stage = stage;
    this.video = stage.querySelector("video");
    this.rate = Number(stage.dataset.rate);
    this.frames = Number(stage.dataset.frames);
    this.marks = [...stage.querySelectorAll(".bar li")].map((item) => ({
      item,
      start: Number(item.dataset.start),
      frames: Number(item.dataset.frames),
    }));
    this.bar = stage.querySelector(".bar");
    this.head = stage.querySelector(".playhead");
    this.clock = stage.querySelector(".clock");
    this.now = stage.querySelector(".now");
    if (!this.video) return;
    play_as_blob(this.video);
    this.head.hidden = false;
    for (const name of ["play", "pause", "ended", "seeked", "loadedmetadata"]) {
      this.video.addEventListener(name, () => this.show());
    }
    this.video.addEventListener("play", () => this.tick());
    for (const { item, start } of this.marks) {
      item.querySelector("a").addEventListener("click", (event) => {
        event.preventDefault();
        this.go_to(start);
      });
    }
    this.show();
  }

  get frame() {
    return Math.min(this.frames - 1, Math.max(0, Math.floor(this.video.currentTime * this.rate + 1e-3)));
  }

  get is_playing() { return !this.video.paused && !this.video.ended; }

  /* The middle of a frame, so that no rounding shows its neighbour. */
  go_to(frame) {
    const whole = Math.min(this.frames - 1, Math.max(0, frame));
    this.video.currentTime = (whole + 0.5) / this.rate;
  }

  do(what) {
    if (!this.video) return;
    if (what === "play") {
      if (this.is_playing) this.video.pause();
      else this.video.play();
      return;
    }
    this.video.pause();
    if (what === "on") this.go_to(this.frame + 1);
    if (what === "back") this.go_to(this.frame - 1);
    const starts = this.marks.map((mark) => mark.start);
    if (what === "after") this.go_to(starts.find((start) => start > this.frame) ?? this.frames - 1);
    if (what === "before") this.go_to(starts.findLast((start) => start < this.frame) ?? 0);
  }

  tick() {
    this.show();
    if (this.is_playing) requestAnimationFrame(() => this.tick());
  }

  show() {
    const frame = this.frame;
    this.stage.classList.toggle("playing", this.is_playing);
    this.clock.textContent = timecode(frame, this.rate);
    const mark = this.marks.findLast(({ start }) => start <= frame);
    if (!mark) return;
    const { item, start, frames } = mark;
    const part = Math.min(1, (frame - start) / frames);
    this.head.style.left = `${item.offsetLeft + part * item.offsetWidth}px`;
    if (this.item === item) return;
    this.item?.removeAttribute("aria-current");
    item.setAttribute("aria-current", "true");
    this.item = item;
    this.keep_in_sight(item);
    const { shot, take } = item.dataset;
    this.now.textContent = take ? `${shot}, take ${take}` : shot;
    this.now.href = `#shot-${shot}`;
  }

  /* A long film's bar is wider than the page: it follows, without moving the page. */
  keep_in_sight(item) {
    const room = this.bar.clientWidth;
    const left = item.offsetLeft - this.bar.scrollLeft;
    if (left >= 0 && left + item.offsetWidth <= room) return;
    this.bar.scrollLeft = item.offsetLeft - (room - item.offsetWidth) / 2;
  }
}

const stage = document.getElementById("film");
const film = stage ? new Film(stage) : null;
