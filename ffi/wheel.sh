#!/usr/bin/env bash
# Packs the bridge for Python, as a wheel for this machine: `ffi/wheel.sh LIBRARY FOLDER`, where LIBRARY is a libhazel_ffi.so that cargo built
# (with its symbols: what is generated is read from them; the wheel's copy is stripped). Needs hazel-bindgen beside it, python3 and strip.
set -euo pipefail
library=$(realpath "$1") folder=$(mkdir -p "$2" && realpath "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(cargo metadata --locked --no-deps --format-version 1 | grep -o '"name":"hazel-ffi","version":"[^"]*"' | cut -d '"' -f 8)
platform=$(python3 -c 'import sysconfig; print(sysconfig.get_platform().replace("-", "_").replace(".", "_"))')
packed=$(mktemp -d)
trap 'rm -rf "$packed"' EXIT
info=$packed/hazel_wallet-$version.dist-info
mkdir -p "$packed/hazel" "$info"
"${CARGO_TARGET_DIR:-target}/debug/hazel-bindgen" generate --language python --no-format --config ffi/bindings.toml \
    --out-dir "$packed/hazel" "$library" >/dev/null
mv "$packed/hazel/hazel_ffi.py" "$packed/hazel/__init__.py"
strip -o "$packed/hazel/libhazel_ffi.so" "$library"
printf 'Metadata-Version: 2.1\nName: hazel-wallet\nVersion: %s\nSummary: A wallet for private mutual credit\nRequires-Python: >=3.9\nLicense: MIT OR Apache-2.0\n' \
    "$version" >"$info/METADATA"
printf 'Wheel-Version: 1.0\nGenerator: hazel\nRoot-Is-Purelib: false\nTag: py3-none-%s\n' "$platform" >"$info/WHEEL"
# A wheel is a zip with a list of what is in it, and its hashes.
python3 - "$packed" "$folder/hazel_wallet-$version-py3-none-$platform.whl" <<'PYTHON'
import base64, hashlib, pathlib, sys, zipfile

packed, wheel = pathlib.Path(sys.argv[1]), sys.argv[2]
record = next(packed.glob("*.dist-info")) / "RECORD"
rows = []
with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as out:
    for file in sorted(path for path in packed.rglob("*") if path.is_file()):
        bytes = file.read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(bytes).digest()).rstrip(b"=").decode()
        rows.append(f"{file.relative_to(packed)},sha256={digest},{len(bytes)}")
        out.write(file, file.relative_to(packed))
    rows.append(f"{record.relative_to(packed)},,")
    out.writestr(str(record.relative_to(packed)), "\n".join(rows) + "\n")
print(wheel)
PYTHON
