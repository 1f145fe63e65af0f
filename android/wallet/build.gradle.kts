// The library for phones: cargo-ndk builds the Rust half for each architecture, the generator writes the bindings, R8's rules go along.
// Not run where this project is made; the Maven build beside it compiles the same sources and runs the tests.
plugins {
    id("com.android.library") version "8.13.0"
    kotlin("android") version "2.2.21"
}

val repository = rootDir.parentFile
val libraries = layout.buildDirectory.dir("jniLibs")
val bindings = layout.buildDirectory.dir("bindings")

android {
    namespace = "org.hazel.wallet"
    compileSdk = 35
    defaultConfig {
        minSdk = 24
        consumerProguardFiles("consumer-rules.pro")
        ndk { abiFilters += listOf("arm64-v8a", "x86_64") }
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    sourceSets["main"].jniLibs.srcDir(libraries)
    sourceSets["main"].kotlin.srcDir(bindings)
}

kotlin { jvmToolchain(17) }

dependencies {
    implementation("net.java.dev.jna:jna:5.18.1@aar")
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.10.2")
}

val buildRust by tasks.registering(Exec::class) {
    workingDir = repository
    commandLine(
        "cargo", "ndk", "--platform", "24", "-t", "arm64-v8a", "-t", "x86_64", "-o", libraries.get().asFile.path,
        "rustc", "--profile", "phone", "-p", "hazel-ffi", "--crate-type", "cdylib",
    )
    // What no wallet asks of SQLite is left out, and the tables to unwind C, which never unwinds.
    environment("LIBSQLITE3_FLAGS", repository.resolve("ffi/sqlite.flags").readText().trim())
    environment("CFLAGS", "-fno-asynchronous-unwind-tables -fno-unwind-tables")
}

// The generator reads symbols that are stripped from what ships, so it reads a build for this machine.
val buildForBindings by tasks.registering(Exec::class) {
    workingDir = repository
    commandLine("cargo", "build", "-p", "hazel-ffi")
}

val writeBindings by tasks.registering(Exec::class) {
    dependsOn(buildForBindings)
    workingDir = repository
    val suffix = if (System.getProperty("os.name").startsWith("Mac")) "dylib" else "so"
    commandLine(
        "cargo", "run", "-p", "hazel-bindgen", "--", "generate", "--language", "kotlin", "--no-format",
        "--config", "ffi/bindings.toml", "--out-dir", bindings.get().asFile.path, "target/debug/libhazel_ffi.$suffix",
    )
}

tasks.named("preBuild") { dependsOn(buildRust, writeBindings) }
