// A server of static files as people have it: files with the types of their names, and where `br` is asked for, a file
// NAME.br beside NAME is given instead of it to whoever takes brotli (nginx: `brotli_static on`; Caddy: `precompressed br`).

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json", ".gz": "application/gzip" };

/** Serves a folder on a free port; gives its address, the requests that came, and how to end it. */
export async function serve(folder, { br = false } = {}) {
  const asked = [];
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
    asked.push(path);
    // Browsers ask for it by themselves where a page names none.
    if (path === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    const packed = br && /\bbr\b/.test(request.headers["accept-encoding"] ?? "") && existsSync(`${file}.br`);
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    if (packed) response.setHeader("content-encoding", "br");
    createReadStream(packed ? `${file}.br` : file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, asked, close: () => server.close() };
}
