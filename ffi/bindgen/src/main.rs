//! Writes the sources that belong to a built library; see `docs/guides/android.md` for the command.

fn main() {
    uniffi::uniffi_bindgen_main();
}
