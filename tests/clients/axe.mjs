// Holds pages against axe-core's rules, in jsdom: one name of a file a line on stdin. What needs a browser's eyes, such as
// contrast, is not judged here. Ends with `done`, or with what was found.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.AIVIEWS_TEST_CLIENTS}/`);
const { JSDOM } = require('jsdom');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

let found = 0;
for (const file of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    // Scripts run here only because the test brings one: a page has none, and its own policy is for browsers.
    // Its style hides nothing for good, and takes jsdom seconds.
    const html = readFileSync(file, 'utf8').replace(/<style>[^]*?<\/style>/, '');
    const { window } = new JSDOM(html, { runScripts: 'outside-only', pretendToBeVisual: true });
    window.eval(axe);
    const rules = { 'color-contrast': { enabled: false } };
    const result = await window.axe.run(window.document, { rules, resultTypes: ['violations', 'passes'] });
    for (const violation of result.violations) {
        found += 1;
        console.log(`${file}: ${violation.id}: ${violation.help}`);
        violation.nodes.slice(0, 3).forEach((node) => console.log(`  ${node.html.slice(0, 200)}`));
    }
    if (result.passes.length < 10) {
        found += 1;
        console.log(`${file}: only ${result.passes.length} rules had something to judge`);
    }
    window.close();
}
console.log(found ? `${found} found` : 'done');
