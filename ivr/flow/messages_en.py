"""The sentences of faults in English, by code. Names in braces come from the finding."""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # the directory and its files
    "no-hotline": "the directory has no hotline.yaml; write one with numbers, languages, defaults",
    "newer-language": "these flows are of version {version} of the language, this program knows"
    " {known}; use a later release of it",
    "unreadable-file": "the file cannot be read: {reason}; correct its permissions or remove it",
    "file-name": "a flow's file has small letters, digits and _ in its name, a letter first, and"
    " .yaml at the end; rename it and let `flow:` say the same",
    "yml-file": "the file would be ignored; its name must end in .yaml",
    "too-large": "the file is larger than {most} KiB; split it",
    "not-utf8": "the file is not UTF-8 text; save it in that encoding",
    "unreadable-character": "the character {character} cannot be part of a text; delete it",
    "empty-file": "the file is empty",
    "many-documents": "a second document begins here; one file is one document, delete the ---",
    "not-a-mapping": "the file must be `name: value` lines, not a list or a single text",
    "not-a-list": "the file must be a list; begin each row with `- `",
    "too-deep": "the text is nested more than {most} levels deep",
    "too-many-parts": "the file has more than {most} parts, aliases counted each time",
    # YAML
    "not-yaml": "this is not YAML; look for a missing quote, colon or space",
    "yaml-star": 'YAML takes an unquoted * for something else; put it in quotes: "*"',
    "yaml-sign": "a text cannot begin with {sign}; put the whole text in quotes",
    "yaml-tab": "a tab cannot be used here; indent with spaces",
    "yaml-quote": "this quote is never closed",
    "curly-quotes": "these are quotes of a word processor; type straight ones on the keyboard",
    "invisible-space": "an invisible character stands here, often pasted; delete it, type a space",
    "yaml-escape": "a \\ inside double quotes begins a code; use single quotes",
    "yaml-brackets": "this bracket is never closed, or an entry in it lacks its comma",
    "yaml-quoted-start": "after the closing quote the text goes on; put the whole of it in quotes,"
    " the inner ones single",
    "yaml-brace-start": "a text that begins with a placeholder needs quotes around all of it",
    "yaml-colon": "a second colon in the line; put the text in quotes",
    "yaml-indentation": "the line is not indented like those above it",
    "yaml-no-colon": "a colon is missing after the name in or above this line",
    "yaml-dash": "a list begins on a line of its own, not after the colon",
    "tag": "{tag} is a YAML tag, which is not used here; put a text that begins with ! in quotes",
    "too-many-aliases": "more than {most} uses of *anchors",
    "unknown-anchor": "there is no anchor &{name}; a text that begins with * needs quotes",
    "merge-key": "<< is not supported; write the entries out",
    "key-not-a-word": "a name before a colon must be a single word or a quoted text",
    "duplicate-key": "the same name stands in line {line} already",
    "empty-value": "nothing stands after '{name}'",
    "comment-value": "what stands after '{name}' is a comment; put a text with # in quotes",
    "comment-key": 'this line is a comment; put the key in quotes: "#"',
    "braces-comma": "inside {{ }} a comma begins a new entry, '{name}'; put the text in quotes or"
    " below",
    "braces-placeholder": '{{{name}}} without quotes is not a placeholder; write "{{{name}}}"',
    # fields and their values
    "missing-field": "'{name}' is missing",
    "unknown-field": "there is no field '{name}' here",
    "node-indentation": "'{name}' looks like a node, but does not stand as deep as one; indent it"
    " by two spaces, below `nodes:`",
    "missing-type": "'type' is missing: say, menu, collect …",
    "unknown-type": "there is no node type '{value}'",
    "unknown-source-type": "there is no source type '{value}'",
    "text-expected": "a text is expected here",
    "number-expected": "a whole number is expected here, not '{value}'",
    "yes-or-no": "true or false is expected here, not '{value}'",
    "list-expected": "a list is expected here; begin each entry with `- `",
    "mapping-expected": "`name: value` lines are expected here",
    "bad-choice": "'{value}' cannot stand here; it is one of: {choices}",
    "too-little": "the least possible here is {limit}",
    "too-much": "the most possible here is {limit}",
    "too-few": "at least {limit} entries are needed here",
    "too-many": "at most {limit} entries are possible here",
    "duration": "'{value}' is no duration; write a number and a unit: 500ms, 8s, 15m, 1h",
    "name": "'{value}' is no name; use small letters, digits and _, a letter first",
    "flow-name": "'{value}' is no flow name; it is the path of a file without .yaml, in small"
    " letters, digits and _: tax, shared/officer",
    "key-sequence": '\'{value}\' is no key; use one to four of 0-9, "*" and "#"',
    "language-name": "'{value}' is no language; write two small letters: id, en, jv",
    "language-twice": "the language '{name}' is in the list already; keep one",
    "hotline-name": "'{value}' is no name of a hotline; use small letters, digits and -",
    "phone-number": "'{value}' is no number to dial; use up to 15 digits",
    "digits-range": "'{value}' is no number of digits; write 6 or 15-16",
    "digits-or-as": "say how many `digits`, or what they are with `as`: one of the two",
    "sensitive-public": "`sensitive` and `public` exclude each other",
    "sensitive-confirm": "sensitive digits are only read back as `confirm: last4`",
    "needs-review": "timers, tries, keys and `review_keys` of a message are about its review; write"
    " `review: true`, or take them away",
    "if-or-when": "a case has either `if` or `when`",
    "destination-name": "'{value}' is no name of somebody to be connected to; use small letters,"
    " digits and -",
    "dial-or-queue": "a destination has either `dial` (an endpoint) or `queue`",
    "ring-or-wait": "`ring` belongs to `dial`, `wait` to `queue`",
    # names that lead nowhere
    "flow-file": "the flow is called '{name}', but its file says '{expected}'; rename one of them",
    "reserved-name": "the name '{name}' has a meaning of its own; choose another",
    "unknown-node": "there is no node '{name}'",
    "unknown-flow": "there is no flow '{name}'",
    "unknown-number": "'numbers' has no '{name}'",
    "unknown-source": "sources.yaml has no source '{name}'",
    "unknown-webhook": "sources.yaml has no webhook '{name}'",
    "unknown-language": "the hotline does not speak '{name}'; its languages are: {languages}",
    "unknown-timezone": "there is no time zone '{name}'; Indonesia has Asia/Jakarta, Asia/Makassar,"
    " Asia/Jayapura",
    "unknown-input": "the flow '{owner}' has no input '{name}'",
    "missing-input": "the flow '{owner}' needs '{name}' under `with`",
    "unknown-key": "the source '{owner}' is not asked by '{name}'",
    "missing-key": "the source '{owner}' needs '{name}' under `with`",
    "unknown-message-field": "the webhook '{owner}' is not told '{name}'",
    "missing-message-field": "the webhook '{owner}' needs '{name}' under `with`",
    "number-without-inputs": "a number cannot lead to '{name}', which needs: {inputs}",
    "unknown-destination": "hotline.yaml has no destination '{name}'",
    "missing-exit": "nothing says where the call goes on after: {exits}; give each a target, or all"
    " of them `otherwise`",
    "no-results": "the flow '{name}' has no `results` to take",
    "no-numbers": "no number leads to a flow; add one under `numbers`",
    "hotline-target": "'{name}' is a node, but here only a flow can be meant: next: {{flow: …}}",
    "unknown-reason": "digits are never refused because of '{name}'; reasons are: {reasons}",
    # keys and options
    "key-twice": "the key {key} is taken by another option",
    "answer-twice": "one key cannot mean two answers; give each its own",
    "option-twice": "another option is called '{name}' already",
    "key-prefix": "the key {key} begins with {other}, which means something itself",
    "many-options": "the menu has {number} options, callers remember {most}; make two menus of it",
    "long-menu": "the menu takes about {seconds} seconds in the language '{language}', callers"
    " follow for {most}; shorten labels, or make two menus of it",
    "key-single": "the key {key} is too long; while a caller waits for a person one key decides",
    "option-without-next": "the option '{name}' leads nowhere; give it or the menu a `next`",
    "option-without-label": "nothing says the option '{name}'; give it a `label`, or the menu a"
    " `say`",
    "value-without-into": "the value is lost; say under `into` which name takes it",
    "no-give-up": "nothing says where callers go whose tries are used up; add `on_give_up`",
    # texts
    "missing-text": "the text '{id}' is missing in the language '{language}'",
    "unknown-text": "no node has the text '{id}'",
    "text-twice": "the text '{id}' stands in {file} already",
    "stale-text": "the text '{id}' has changed in the language '{language}' since this was written;"
    " change this too, or say that it still fits: ivr texts accept {id}",
    "unknown-phrase": "the engine has no phrase '{name}'",
    "phrase-placeholders": "the phrase '{id}' must have exactly these placeholders: {placeholders}",
    "placeholders-differ": "'{id}' must have the same placeholders as in '{language}':"
    " {placeholders}",
    "long-prompt": "the text takes about {seconds} seconds, callers follow for {most}; shorten it,"
    " or ask first what they want to know",
    "comment-in-text": "callers do not hear {remark}: to YAML it is a comment; if it is text, put"
    " all of it in quotes, else on a line of its own",
    "empty-text": "the text has no word",
    "brace-alone": "a single {value} in a text; write it twice when it is meant as a character",
    "placeholder-name": "'{value}' is no name for a placeholder: {{name}}, {{name.field}} or"
    " {{name:kind}}",
    "speech-kind": "there is no way of speaking called '{value}'",
    # names and values
    "undefined-name": "nothing in this flow gives '{name}' a value",
    "needs-field": "'{name}' has several values; choose one: {fields}",
    "free-text": "the value of '{name}' has no sound of its own; say how it is spoken:"
    " {{{name}:number}}, {{{name}:date}} …",
    "secret-spoken": "'{name}' is secret; only its last digits may be spoken: {{{name}:last4}}",
    "secret-used": "'{name}' is secret; it can only be passed whole under `with`",
    "personal-sent": (
        "'{name}' is about a person; leave it out, or write `personal: true` at the "
        "webhook '{webhook}' when people have agreed to that"
    ),
    "secret-sent": "'{name}' is secret, and no webhook is told a secret; leave it out",
    "expression-syntax": "the expression cannot be understood at: {rest}",
    "expression-length": "the expression has more than {limit} characters",
    "expression-types": "'{name}' does not work with these types: {types}",
    "expression-function": "there is no function '{name}' in expressions",
    "expression-macro": "'{name}' runs over a list, which expressions cannot do",
    "expression-result": "the expression gives '{name}', not a text, whole number or true/false",
    "not-a-condition": "a condition must be true or false, this gives: {type}",
    # sources and tables
    "no-table": "there is no table '{name}': the file {file} is missing",
    "unused-table": "no source has the table '{name}'; name it under `table`, or remove the file",
    "bad-row": "a row is `column: text` lines",
    "missing-column": "the row has no column '{name}'",
    "cell-number": "'{value}' is no whole number, which the field '{name}' must be",
    "cell-date": "'{value}' is no date such as 2026-03-31, which the field '{name}' must be",
    "cell-without-word": "the field '{name}' has no word for '{value}'",
    "cell-identifier": "this cannot be a number of the kind {kind}: {reason}",
    "row-twice": "row {row} has the same key already, so this one is never found",
    "address": (
        "this is no address; write https://HOST/PATH without a name or password before the host"
    ),
    "address-plain": (
        "http can be read on the way; write https (http is only for this machine itself)"
    ),
    "address-placeholder": (
        "a placeholder stands for a part of the path or a value of the query only, and "
        "a webhook's address has none"
    ),
    "header-name": "'{name}' is no header that can be given here",
    "json-path": "'{value}' is no path to one value; write it as $.data.name",
    "body-with-get": "a GET has no body; take `body` away, or add `method: POST`",
    "retries-unkeyed": (
        "a POST that is sent again may do its work twice; take `retries` away, or say "
        "`keyed: true` when the service knows the header Idempotency-Key"
    ),
    "entry-name": "'{value}' is no name of an entry point: letters, digits, dots, - and _",
    "not-a-key": "'{name}' is none of the arguments under `key`",
    "key-unused": "the argument '{name}' is never sent: neither `url` nor `body` has it",
    "secret-in-file": (
        "this looks like a secret, which everybody who reads the file could use; write "
        "`{{secret: NAME}}` as the value of a header, and give the operator the secret"
    ),
    "found-or-failed": "an example has `found` or `failed`, not both",
    "no-examples": (
        "the source '{name}' has no example that finds something, so a simulated call never does"
    ),
    "example-field": "the source has no field '{name}'",
    "example-lacks": "the example lacks the field '{name}', which every answer must have",
    "silent-wait": (
        "'{name}' may take {seconds} seconds, in which the caller hears nothing; add `meanwhile`"
    ),
    # calendars
    "opening-hours": (
        "'{value}' are no opening hours; write 08:00-16:00, 24h, closed, or a list of spans"
    ),
    "weekday": "'{name}' is no weekday; write monday, or monday-friday for several",
    "calendar-date": "'{value}' is no date; write it as 2026-03-31",
    "unknown-calendar": "calendars.yaml has no calendar '{name}'",
    "weekday-twice": "{name} stands under '{other}' already; give each weekday once",
    "hours-overlap": "the span {value} begins before the one before it has ended; shorten one",
    "empty-calendar": "the calendar '{name}' is never open; give a weekday its hours",
    "day-twice": "the date {value} has hours already, under '{name}'; keep one",
    "dates-reversed": "the last date {last} is before the first, {first}; exchange them",
    "override-overlap": (
        "some of these dates belong to '{name}' already; let one end before the other begins"
    ),
    "override-expired": "this ended on {last} and is ignored since; delete it or give it new dates",
    "no-holidays": (
        "the holidays of {year} are not known (only to {last}), so on many days of it "
        "nobody can say whether the office is open; install a newer version of the "
        "package `holidays`"
    ),
    "exit-never-taken": "the calendar '{name}' never leads to `{exit}`; remove the line",
    "never-closes": (
        "a text speaks {{{into}.closes}}, but the calendar '{name}' may never close; take "
        "it out of the text"
    ),
    "needs-unknown": (
        "a text speaks when '{name}' opens ({into}.opens_date or opens_time), which "
        "nobody can say while the holidays of a year are not known; add `unknown:` with a "
        "way without that text"
    ),
    # paths
    "unreachable-node": "nothing leads to the node '{name}'",
    "unreachable-flow": "no number, jump or subflow leads to the flow '{name}'",
    "dead-end": "the call cannot end from here: {nodes}",
    "silent-loop": "these nodes lead to one another without waiting for the caller: {nodes}",
    "unbounded-loop": "a caller who does nothing goes round here without end: {nodes}; add"
    " `visits`",
    "no-person": "no key and no way out of '{name}' leads to a person (flow '{person}')",
    "no-person-flow": "'person' is missing: the flow that leads to a person",
    "return-outside": "no subflow node leads to '{name}', so `return` ends the call",
    "recursive-subflow": "these flows run one another without end: {flows}",
    # call scripts
    "script-step": "this is nothing that happens in a call; a step begins with press, silence,"
    " speak, wait, listen, hang_up, officers, lookups, hear, reach, value or outcome",
    "script-steps": "two things at once; begin each with `- ` on a line of its own",
    "script-press": '\'{value}\' is not made of keys; write digits, "*" and "#"',
    "script-date": "'{value}' is no date and time; write it as 2026-03-31T09:30",
    "script-no-dial": "nobody dials; begin with `- dial:` here or under `begin`",
    "script-dials-again": "the call has begun already; a second `dial` belongs to another call",
    "script-expects-nothing": "this call would pass whatever callers hear; add a `hear`",
    "script-hung-up": "the caller has hung up above and can do nothing any more",
    "script-field": "the source has no field '{name}'",
    "script-found-where": "`found` belongs to one source; name it under `lookups`",
    "unknown-outcome": "no call is counted as '{name}'",
}
