// swift-tools-version: 6.0
import PackageDescription

// What is under Generated comes from hazel-bindgen; docs/guides/ios.md says how.

// On Linux the library is found by the linker, and Apple's frameworks are played by modules of our own, for the tests and for nothing
// else. On Apple's systems the library is the binary that ios/xcframework.sh makes; that half is not run where this project is made.
#if os(Linux)
    let hasLab = true
    let bridge: [Target] = [.systemLibrary(name: "HazelBridgeFFI", path: "Generated/HazelBridgeFFI")]
    let lab: [Target] = [.systemLibrary(name: "HazelLabFFI", path: "Generated/HazelLabFFI")]
    let shims: [Target] = [
        .target(name: "CoreBluetooth", path: "Shims/CoreBluetooth", swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "Security", path: "Shims/Security", swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(
            name: "LocalAuthentication", dependencies: ["Security"], path: "Shims/LocalAuthentication",
            swiftSettings: [.swiftLanguageMode(.v5)]),
    ]
    let linking: [LinkerSetting] = [.linkedLibrary("hazel_lab")]
#else
    // Made with --lab, the binary holds the lab's module too: for tests, and never in an app.
    let hasLab = Context.environment["HAZEL_LAB"] != nil
    let bridge: [Target] = [.binaryTarget(name: "Hazel", path: "Hazel.xcframework")]
    let lab: [Target] = []
    let shims: [Target] = []
    let linking: [LinkerSetting] = []
#endif
let shimmed: [Target.Dependency] = shims.map { .byName(name: $0.name) }
let bridged: [Target.Dependency] = (bridge + lab).map { .byName(name: $0.name) }

// The lab never ships. Its library holds the bridge too; both together would be two bridges in one process.
let labTargets: [Target] = [
    .target(
        name: "HazelLab",
        dependencies: bridged + ["HazelBridge"],
        path: "Generated/HazelLab",
        swiftSettings: [.swiftLanguageMode(.v5)]
    ),
    .testTarget(name: "HazelWalletTests", dependencies: ["HazelWallet", "HazelLab"] + shimmed, linkerSettings: linking),
    // What ffi/timings.sh runs.
    .executableTarget(name: "timings", dependencies: ["HazelBridge"], path: "Timings", linkerSettings: linking),
]

let package = Package(
    name: "HazelWallet",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "HazelWallet", targets: ["HazelWallet", "HazelBridge"])]
        // For the tests of apps: two wallets and a bad radio.
        + (hasLab ? [.library(name: "HazelLab", targets: ["HazelLab"])] : []),
    targets: bridge + lab + shims + [
        .target(
            name: "HazelBridge",
            dependencies: bridge.map { .byName(name: $0.name) },
            path: "Generated/HazelBridge",
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .target(name: "HazelWallet", dependencies: ["HazelBridge"] + shimmed, resources: [.copy("PrivacyInfo.xcprivacy")]),
    ] + (hasLab ? labTargets : []),
    swiftLanguageModes: [.v6]
)
