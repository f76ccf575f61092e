/** Paths of the page's icons, on a 24 by 24 grid. */

export const ICONS = {
  drop: "M12 16V4m0 0L7 9m5-5 5 5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3",
  files: "M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zm0 0v5h5",
  folder: "M3 7a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z",
  answered: "M20 6 9 17l-5-5",
  abstained: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM8.500 12h7",
  rejected: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6.500 6.500l11 11",
  failed: "M12 4 2.500 20h19zM12 10v4m0 3v.01",
  waiting: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
  wrong: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  reset: "M4 9V4h5M20 15v5h-5M4 4l6 6M20 20l-6-6",
  key: "M15 7a4 4 0 1 0 2 2M14 10 4 20v1h3v-2h2v-2h2l3-3M16.500 7.500v.01",
  auto: "M12 4a8 8 0 1 0 0 16zm0 0a8 8 0 0 1 0 16",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.500 1.500m11 11L19 19M5 19l1.500-1.500m11-11L19 5",
  dark: "M20 14A8 8 0 1 1 10 4a6.500 6.500 0 0 0 10 10z",
  download: "M12 4v11m0 0-5-5m5 5 5-5M4 19h16",
  print: "M7 9V4h10v5M7 17H5a2 2 0 0 1-2-2v-4a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2h-2M7 14h10v6H7z",
  clear: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
};
