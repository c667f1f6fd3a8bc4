// Passes requests on to AIVIEWS_TEST_PORT with a bearer token, and everything else of them as it is: for clients that know
// no tokens. Prints its own port.

import http from "node:http";

const { AIVIEWS_TEST_PORT: port, AIVIEWS_TEST_TOKEN: token } = process.env;

const server = http.createServer((request, response) => {
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const { method, url: path } = request;
    const onward = http.request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
