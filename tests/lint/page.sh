#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: page.sh BUILD_FOLDER
# The page of --html in a real browser (Chromium, headless): what its script
# makes of a report is looked for in the document afterwards. Skipped by name
# where there is no Chromium.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL
build=$1
root=$(dirname "$0")/../..
make -s -C "$root" BUILD="$build" "$build/iommukit-lint" || exit 1
work=$build/page-test
rm -rf "$work"
mkdir -p "$work"
passed=0 failed=0
browser=$(command -v chromium || command -v chromium-browser)
if [ -z "$browser" ]; then
    echo "ok - page # SKIP no chromium here"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

# draw NAME: the document that NAME.json becomes, in $work/NAME.dom.
draw() {
    "$build/iommukit-lint" --html "$work/$1.json" >"$work/$1.html" || echo "lint: status $?"
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" \
        --dump-dom "file://$(realpath "$work/$1.html")" >"$work/$1.dom" 2>"$work/$1.err"
    # Only what was drawn: the script and its data are in the document too.
    sed '/<script type="application\/json"/,$d' "$work/$1.dom" >"$work/$1.drawn"
}

# has NAME WHAT COUNT PATTERN: the pattern stands COUNT times in what was drawn.
has() {
    seen=$(grep -o -e "$4" "$work/$1.drawn" | wc -l)
    if [ "$seen" = "$3" ]; then
        passed=$((passed + 1))
        echo "ok - page/$2"
    else
        failed=$((failed + 1))
        echo "not ok - page/$2: $seen times \"$4\", expected $3"
    fi
}

cat >"$work/machine.json" <<'JSON'
{"schema": "iommukit-report/1", "verdict": "partial", "verdict_reason": "1 of 2 units translate",
 "checks": [
  {"name": "table", "depth": 0, "state": "ok", "text": "DMAR", "remedy": ""},
  {"name": "units", "depth": 1, "state": "failed", "text": "1 of 2 answer", "remedy": "firmware update"},
  {"name": "interrupts", "depth": 1, "state": "not-reached", "text": "", "remedy": ""}],
 "cpu_vendor": "GenuineIntel", "cpu_name": "<b>bold</b> & \"quoted\"", "version": "0",
 "units": [{"name": "vtd0", "vendor": "intel", "segment": 0, "base": "0xfed90000", "capabilities": {"cap.ND": 6}},
           {"name": "vtd1", "vendor": "intel", "segment": 0, "base": "0xfed91000", "capabilities": {}}],
 "functions": [
  {"address": "0000:00:01.0", "vendor": "0x8086", "device": "0x1", "class_name": "PCI bridge", "bridge": true,
   "unit": "vtd1", "requester_ids": ["0000:00:01.0"], "reserved": [], "group": 0, "group_reason": "isolated"},
  {"address": "0000:01:00.0", "parent": "0000:00:01.0", "vendor": "0x8086", "device": "0x2", "class_name": "device",
   "bridge": false, "unit": "vtd1", "requester_ids": ["0000:01:00.0"], "reserved": [], "group": 1,
   "group_reason": "behind </script><script>document.title='taken'</script>"},
  {"address": "0000:01:00.1", "parent": "0000:00:01.0", "vendor": "0x8086", "device": "0x3", "class_name": "device",
   "bridge": false, "unit": "vtd1", "requester_ids": ["0000:01:00.1"], "reserved": [], "group": 1,
   "group_reason": "same device"}],
 "groups": [{"id": 0, "members": ["0000:00:01.0"], "reserved": []},
            {"id": 1, "members": ["0000:01:00.0", "0000:01:00.1"], "reserved": []}],
 "domains": [{"type": "identity", "members": ["0000:01:00.1"]}],
 "handoff_verdict": {"verdict": "open", "explained": ["no unit translated"]},
 "findings": [
  {"severity": "error", "id": "unit-dead", "table": "DMAR", "offset": 48, "what": "unit at 0xfed90000 does not answer",
   "trips": "", "remedy": "intel_iommu=off", "reference": "VT-d §8.3"},
  {"severity": "note", "id": "scope-absent", "table": "DMAR", "offset": 64, "what": "scope names 01:00.1",
   "trips": "", "remedy": "", "reference": ""}]}
JSON
draw machine
has machine verdict_is_the_reports 1 '<strong>partial</strong>'
has machine failed_check_has_its_remedy 1 '1 of 2 answer.*→ firmware update'
has machine check_that_was_not_reached 1 'interrupts</b><span class="soft"> not reached'
has machine every_finding_has_a_card 2 'id="finding-[12]"'
has machine a_finding_names_its_place 1 '>DMAR+0x30<'
has machine findings_stand_at_what_they_concern 2 '<a class="badge"'
has machine every_function_has_a_row 3 'class="row"'
has machine units_are_drawn 2 'font-weight:600">vtd[01]</text>'
has machine both_members_of_a_group_on_one_bracket 3 'h8" style="stroke'
has machine domains_are_drawn 1 '>0 identity</text>'
has machine before_the_kernel 1 'Before this kernel: open'
has machine text_of_the_report_is_no_markup 1 '&lt;b&gt;bold&lt;/b&gt; &amp; "quoted"'
has machine a_script_in_the_report_is_text 1 'behind &lt;/script&gt;&lt;script&gt;'
has machine nothing_is_left_undrawn 0 '\[object\|undefined'

echo '{"schema": "iommukit-report/1"}' >"$work/empty.json"
draw empty
has empty report_without_anything 1 '<strong>not judged</strong>'
has empty report_without_findings_claims_none 0 'no fault found'

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
