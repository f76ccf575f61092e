/** Files out of a drop or a chooser, each with its path; folders are walked. */

const HIDDEN = /^(\.|Thumbs\.db$|desktop\.ini$)/i;

/**
 * The files of a drop.
 * @param {DataTransfer} transfer
 * @returns {Promise<{file: File, path: string}[]>} in the order of their paths; hidden files left out.
 */
export async function droppedFiles(transfer) {
  // Entries have to be taken at once: the transfer is empty after the first pause.
  const entries = [...transfer.items].filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return inOrder(found);
}

/** The files of a chooser, for files or for a folder. */
export function chosenFiles(list) {
  return inOrder([...list].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
}

async function walk(entry, found) {
  if (entry instanceof File) {
    found.push({ file: entry, path: entry.name });
  } else if (entry.isFile) {
    const file = await new Promise((done, fail) => entry.file(done, fail));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
  } else {
    const reader = entry.createReader();
    // A reader hands out a hundred entries at a time, and none at the end.
    for (let part = await read(reader); part.length; part = await read(reader)) {
      for (const child of part) await walk(child, found);
    }
  }
}

const read = (reader) => new Promise((done, fail) => reader.readEntries(done, fail));

function inOrder(files) {
  return files
    .filter(({ path }) => !HIDDEN.test(path.slice(path.lastIndexOf("/") + 1)))
    .sort((a, b) => a.path.localeCompare(b.path, undefined, { numeric: true }));
}
