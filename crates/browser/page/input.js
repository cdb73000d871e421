// From what was dropped or chosen to texts that can be checked: folders gone through, zip and gzip unpacked.

/** Most bytes that an archive may inflate to: what is larger is a fault, or for `lmr validate`. */
const MAX_INFLATED = 1 << 30;

/** Folders inside one another that are gone through. */
const MAX_DEPTH = 32;

/** Why a file cannot be read; the message is a key of texts.js. */
export class InputError extends Error {
  constructor(key, values = {}) {
    super(key);
    this.values = values;
  }
}

export const isLines = (name) => /\.(ndjson|jsonl)$/i.test(name);
const isText = (name) => /\.(json|xml)$/i.test(name) || isLines(name);
const isZip = (name) => /\.zip$/i.test(name);
const isArchive = (name) => /\.(zip|7z|rar|tar|tgz|bz2|xz|zst)$/i.test(name);
const isOurs = (name) => isText(name) || isGzip(name) || isArchive(name);
const isGzip = (name) => /\.gz$/i.test(name);

/** The files behind a drop, folders gone through. Must be called while the event is handled. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return named([...transfer.files]);
  const found = [];
  for (const entry of entries) {
    const before = found.length;
    await walk(entry, found, 0);
    // A folder that has nothing of ours was meant to be checked, too.
    const isFolder = !entry.isFile && !found.slice(before).some(({ name, missing }) => missing || isOurs(name));
    if (isFolder) found.push({ name: entry.fullPath.replace(/^\//, ""), empty: true });
  }
  return found;
}

/** Files with the names to show. */
export function named(files) {
  return [...files].map((file) => ({ name: file.webkitRelativePath || file.name, blob: file, found: Boolean(file.webkitRelativePath) }));
}

/** What cannot be gone through is among the files with the reason, so that it is not taken for checked. */
export async function walk(entry, found, depth) {
  const name = entry.fullPath.replace(/^\//, "");
  try {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ name, blob: file, found: depth > 0 });
    } else if (depth < MAX_DEPTH) {
      const reader = entry.createReader();
      // Browsers give a hundred entries at a time.
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length) break;
        for (const inner of some) await walk(inner, found, depth + 1);
      }
    } else {
      found.push({ name, missing: "too_deep" });
    }
  } catch {
    found.push({ name, missing: "not_readable" });
  }
}

/**
 * The texts of a file: itself, or what it packs. A single file is read whatever its name; of a folder or an archive
 * only what has a name of ours. What is left out was `meant` to be checked if it was chosen itself, or is an archive.
 */
export async function* texts({ name, blob, found, missing, empty }, { only }) {
  if (missing) throw new InputError(missing);
  if (empty) return;
  const start = new Uint8Array(await blob.slice(0, 4).arrayBuffer());
  if (start[0] === 0x50 && start[1] === 0x4b && (isZip(name) || !isText(name))) {
    yield* unzipped(name, blob);
  } else if (start[0] === 0x1f && start[1] === 0x8b) {
    yield { name: name.replace(/\.gz$/i, ""), blob: await inflated(blob, "gzip") };
  } else if (only || isText(name)) {
    yield { name, blob };
  } else {
    yield { name, skipped: true, meant: !found || isArchive(name) };
  }
}

async function* unzipped(name, blob) {
  let left = MAX_INFLATED;
  for (const entry of await directory(blob)) {
    const path = `${name}/${entry.name}`;
    // What systems add for themselves; a name with a dot in front may be a text as in a folder.
    if (entry.name.endsWith("/") || /(^|\/)(__MACOSX\/|\._|\.DS_Store$)/.test(entry.name)) continue;
    if (!isText(entry.name) && !isGzip(entry.name)) {
      yield { name: path, skipped: true, meant: isArchive(entry.name) };
      continue;
    }
    if (entry.flags & 1) throw new InputError("zip_encrypted");
    const head = await view(blob, entry.offset, 30);
    if (head.getUint32(0, true) !== 0x04034b50) throw new InputError("zip_damaged");
    const from = entry.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    const packed = blob.slice(from, from + entry.packed);
    let inside;
    if (entry.method === 0) inside = packed;
    else if (entry.method === 8) inside = await inflated(packed, "deflate-raw", left);
    else throw new InputError("zip_method");
    left -= inside.size;
    if (isGzip(entry.name)) yield { name: path.replace(/\.gz$/i, ""), blob: await inflated(inside, "gzip", left) };
    else yield { name: path, blob: inside };
  }
}

/** The entries that a zip file's central directory lists (APPNOTE 4.3.12, with zip64's sizes). */
async function directory(blob) {
  const tail = await view(blob, Math.max(0, blob.size - 65557), Math.min(blob.size, 65557));
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== 0x06054b50) at -= 1;
  if (at < 0) throw new InputError("zip_damaged");
  let count = tail.getUint16(at + 10, true);
  let size = tail.getUint32(at + 12, true);
  let from = tail.getUint32(at + 16, true);
  if ((count === 0xffff || from === 0xffffffff) && at >= 20 && tail.getUint32(at - 20, true) === 0x07064b50) {
    const end = await view(blob, Number(tail.getBigUint64(at - 12, true)), 56);
    if (end.getUint32(0, true) !== 0x06064b50) throw new InputError("zip_damaged");
    count = Number(end.getBigUint64(32, true));
    size = Number(end.getBigUint64(40, true));
    from = Number(end.getBigUint64(48, true));
  }
  const list = await view(blob, from, size);
  const entries = [];
  const names = new TextDecoder();
  for (let at = 0; entries.length < count; ) {
    if (at + 46 > list.byteLength || list.getUint32(at, true) !== 0x02014b50) throw new InputError("zip_damaged");
    const [nameLength, extraLength, noteLength] = [28, 30, 32].map((offset) => list.getUint16(at + offset, true));
    if (at + 46 + nameLength + extraLength > list.byteLength) throw new InputError("zip_damaged");
    const entry = {
      flags: list.getUint16(at + 8, true),
      method: list.getUint16(at + 10, true),
      packed: list.getUint32(at + 20, true),
      offset: list.getUint32(at + 42, true),
      name: names.decode(new Uint8Array(list.buffer, list.byteOffset + at + 46, nameLength)),
    };
    const size = list.getUint32(at + 24, true);
    let extra = at + 46 + nameLength;
    const extraEnd = extra + extraLength;
    while (extra + 4 <= extraEnd) {
      if (list.getUint16(extra, true) === 1) {
        let field = extra + 4;
        const next = () => Number(list.getBigUint64((field += 8) - 8, true));
        if (size === 0xffffffff) next();
        if (entry.packed === 0xffffffff) entry.packed = next();
        if (entry.offset === 0xffffffff) entry.offset = next();
      }
      extra += 4 + list.getUint16(extra + 2, true);
    }
    entries.push(entry);
    at = extraEnd + noteLength;
  }
  return entries;
}

async function view(blob, from, length) {
  if (from < 0 || from + length > blob.size) throw new InputError("zip_damaged");
  return new DataView(await blob.slice(from, from + length).arrayBuffer());
}

async function inflated(blob, format, limit = MAX_INFLATED) {
  const reader = blob.stream().pipeThrough(new DecompressionStream(format)).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch {
      throw new InputError("zip_damaged");
    }
    if (part.done) return new Blob(parts);
    size += part.value.length;
    if (size > limit) {
      await reader.cancel();
      throw new InputError("too_large", { limit: MAX_INFLATED >> 20 });
    }
    parts.push(part.value);
  }
}
