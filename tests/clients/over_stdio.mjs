// An HTTP face of a server on stdin and stdout, for clients that speak HTTP only: a message in, the answer with its id out.
// Starts AIVIEWS_TEST_COMMAND, one word a line. Prints its own port; ends with stdin.

import { spawn } from "node:child_process";
import http from "node:http";
import readline from "node:readline";

const [command, ...words] = process.env.AIVIEWS_TEST_COMMAND.split("\n");
const child = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] });
child.on("exit", () => process.exit());
process.stdin.on("end", () => child.stdin.end()).resume();

const waiting = new Map();
readline.createInterface({ input: child.stdout }).on("line", (line) => {
    const { id } = JSON.parse(line);
    waiting.get(id)?.writeHead(200, { "content-type": "application/json" }).end(line);
    waiting.delete(id);
});

const server = http.createServer(async (request, response) => {
    if (request.method !== "POST") return response.writeHead(405).end();
    let body = "";
    for await (const piece of request) body += piece;
    const message = JSON.parse(body);
    if (message.id === undefined) response.writeHead(202).end();
    else waiting.set(message.id, response);
    child.stdin.write(JSON.stringify(message) + "\n");
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
