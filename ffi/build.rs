//! Tells the linker what Android asks for: pages of 16 KiB; and, where its own linker loads the library, relocations packed.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if matches!(system.as_str(), "android" | "linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,max-page-size=16384");
    }
    // Understood since Android 6, and by the NDK's only linker. Not run where this project is made.
    if system == "android" {
        println!("cargo::rustc-link-arg-cdylib=-Wl,--pack-dyn-relocs=android");
    }
}
