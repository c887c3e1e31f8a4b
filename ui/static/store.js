// Conversations, kept in this browser: one row each in IndexedDB, or in memory where there is none.
//
// A conversation is {id, title, started, updated, language, records}: times in ms since 1970,
// records oldest first, as records.js reads them.

const NAME = "youju";
const TABLE = "conversations";

let opened = null; // a promise of the database; of null where there is none
const memory = new Map();

const database = () => {
  opened ??= new Promise((resolve) => {
    let request;
    try {
      request = indexedDB.open(NAME, 1);
    } catch {
      return resolve(null);
    }
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "id" });
    request.onsuccess = () => {
      // A later version of the page in another tab must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = request.onblocked = () => resolve(null);
  });
  return opened;
};

// Runs `work(table)` in one transaction; resolves with its result once that is on disk.
const inTable = (db, mode, work) =>
  new Promise((resolve, reject) => {
    const transaction = db.transaction(TABLE, mode);
    const result = work(transaction.objectStore(TABLE));
    transaction.oncomplete = () => resolve(result?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? result?.error);
  });

export const isLasting = async () => (await database()) !== null;

export const get = async (id) => {
  const db = await database();
  return (db ? await inTable(db, "readonly", (table) => table.get(id)) : memory.get(id)) ?? null;
};

// All conversations, the one that was used last first.
export const all = async () => {
  const db = await database();
  const rows = db
    ? await inTable(db, "readonly", (table) => table.getAll())
    : [...memory.values()];
  return rows.sort((a, b) => b.updated - a.updated || (a.id < b.id ? -1 : 1));
};

// Puts `change(what is stored, or null)` in its place, all in one transaction: no other tab comes
// in between. Where that returns null, nothing is done. Throws a QuotaExceededError where
// the disk space that the browser grants is used up.
export const update = async (id, change) => {
  const db = await database();
  if (!db) {
    const changed = change(memory.get(id) ?? null);
    if (changed) memory.set(id, structuredClone(changed));
    return;
  }
  let failed = null; // what is thrown in a listener aborts, but without saying why
  const updated = inTable(db, "readwrite", (table) => {
    const reading = table.get(id);
    reading.onsuccess = () => {
      try {
        const changed = change(reading.result ?? null);
        if (changed) table.put(changed);
      } catch (error) {
        failed = error;
        table.transaction.abort();
      }
    };
  });
  await updated.catch((error) => {
    throw failed ?? error;
  });
};

export const remove = async (ids) => {
  const db = await database();
  if (db) {
    await inTable(db, "readwrite", (table) => {
      for (const id of ids) table.delete(id);
    });
  } else for (const id of ids) memory.delete(id);
};
