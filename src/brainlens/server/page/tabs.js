/** The two tabs; the address names the one in sight. */

const NAMES = ["images", "model"];

/** @param {function(string)} shown called with the name of the tab in sight. */
export function attachTabs(shown) {
  const tabs = NAMES.map((name) => document.getElementById(`tab-${name}`));
  const show = (name) => {
    NAMES.forEach((one, i) => {
      tabs[i].setAttribute("aria-selected", String(one === name));
      tabs[i].tabIndex = one === name ? 0 : -1;
      document.getElementById(`view-${one}`).hidden = one !== name;
    });
    shown(name);
  };
  const named = () => NAMES.find((name) => location.hash === `#${name}`) ?? NAMES[0];
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => { location.hash = NAMES[i]; });
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: NAMES.length - 1 }[event.key];
      if (to === undefined) return;
      const next = tabs[(to + NAMES.length) % NAMES.length];
      next.focus();
      next.click();
      event.preventDefault();
    });
  });
  window.addEventListener("hashchange", () => show(named()));
  show(named());
}
