// Says in X-Parsed what node read. origin.js ADDRESS PORT
const http = require("http");
const [address, port] = process.argv.slice(2);
http.createServer({ requireHostHeader: false }, (request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const headers = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2)
      headers.push([request.rawHeaders[i], request.rawHeaders[i + 1]]);
    const parsed = { method: request.method, target: request.url, headers,
                     body: Buffer.concat(pieces).toString("base64") };
    response.writeHead(200, { "X-Parsed": Buffer.from(JSON.stringify(parsed)).toString("base64"), "Content-Length": 0 });
    response.end();
  });
}).listen(Number(port), address);
