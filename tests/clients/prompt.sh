#!/bin/sh
# An account's context in a prompt. AIVIEWS names the program; prints the request's body for a chat model.
set -eu
system=$("$AIVIEWS" context --schema)
context=$("$AIVIEWS" context --klaviyo-id "$AIVIEWS_TEST_ACCOUNT" --max-tokens 600)
python3 - "$system" "$context" "How was last week?" <<'PYTHON'
import json, sys
system, context, question = sys.argv[1:]
print(json.dumps({"messages": [
    {"role": "system", "content": system},
    {"role": "user", "content": f"{context}\n\n{question}"},
]}))
PYTHON
