#!/usr/bin/env bash
# Draws every screen of the Android app anew into docs/guides/screens: the sheets that its story really shows, by day and by night.
# Takes the libraries and bindings that .ci/run kotlin has left behind. Our own drawing: only a phone shows a phone's fonts and controls.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source .ci/lib.sh
screens=docs/guides/screens drawn=android/app/target/previews

rm -rf "$drawn"
(cd android && mvn -B -q "-Dmaven.repo.local=$cache/maven" test -Dtest='org.hazel.app.*Test' -Dsurefire.failIfNoSpecifiedTests=false)
mkdir -p "$screens"
rm -f "$screens"/*.svg
cp "$drawn"/*.svg "$screens/"
{
    printf '# The screens of the Android app\n\n'
    printf 'Drawn by `android/screens.sh`, by day and by night, of the sheets that the tests really see: the same parts, texts, amounts and codes. A phone draws them\n'
    printf 'with its own fonts and controls (`SheetView.kt`); nobody has seen that. Keys are new each time, and so are codes and digits to compare. The screens of\n'
    printf 'the iOS app are SwiftUI, which nothing here can draw.\n'
    for drawing in "$screens"/*.svg; do
        name=$(basename "$drawing" .svg)
        printf '\n## %s\n\n![%s](%s)\n' "$name" "$name" "$(basename "$drawing")"
    done
} >"$screens/README.md"
