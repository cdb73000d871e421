// The console, and the desk, in headless Chromium: every page and every answer to a form in both languages and schemes, at
// 320 pixels and wide; the main tasks by keyboard alone; signing in with a password, at an issuer and with a passkey.
// usage: node pages.mjs console URL NAME PASSWORD [SCREENSHOT-FOLDER]
//        node pages.mjs answers URL NAME PASSWORD DATABASE   every answer to a form of the console
//        node pages.mjs issuer URL
//        node pages.mjs desk URL [SCREENSHOT-FOLDER]
//        node pages.mjs passkey-make URL NAME FOLDER     makes a passkey and prints its line; FOLDER keeps its key
//        node pages.mjs passkey-use URL NAME FOLDER      signs in with it
//        node pages.mjs table FILE                       whether every address of routes.json was looked at
// CHROMIUM names the browser, /usr/bin/chromium if not set; LOOKED_AT the file that keeps what was looked at.

import { open } from "./browser.mjs";
import { consoleAnswers } from "./answers.mjs";
import { consolePages } from "./console.mjs";
import { deskPages } from "./desk.mjs";
import { holdTable } from "./routes.mjs";
import { atIssuer, makePasskey, usePasskey } from "./sign-in.mjs";

const [what, address, ...rest] = process.argv.slice(2);
const parts = {
  console: (browser) => consolePages(browser, ...rest),
  answers: (browser) => consoleAnswers(browser, ...rest),
  issuer: (browser) => atIssuer(browser),
  desk: (browser) => deskPages(browser, address),
  "passkey-make": (browser) => makePasskey(browser, ...rest),
  "passkey-use": (browser) => usePasskey(browser, ...rest),
};
if (what === "table") {
  holdTable(address);
} else {
  const screenshots = { console: rest[2], desk: rest[0] }[what];
  // The desk is opened by an address with a key.
  const browser = await open(new URL(address).origin, screenshots);
  try {
    await parts[what](browser);
  } catch (error) {
    // What was found until then says why.
    console.error(browser.faults.join("\n"));
    throw error;
  } finally {
    await browser.close();
  }
  browser.end();
  console.log(`${what}: everything in both languages and schemes, narrow and wide, without faults`);
}
