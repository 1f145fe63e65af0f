// swift-tools-version: 6.0
import PackageDescription

// What is under Generated comes from hazel-bindgen; docs/guides/ios.md says how.

// Apple's frameworks are not on Linux: modules of our own stand in for them there, for the tests and for nothing else.
#if os(Linux)
    let shims: [Target] = [
        .target(name: "CoreBluetooth", path: "Shims/CoreBluetooth", swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "Security", path: "Shims/Security", swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(
            name: "LocalAuthentication", dependencies: ["Security"], path: "Shims/LocalAuthentication",
            swiftSettings: [.swiftLanguageMode(.v5)]),
    ]
#else
    let shims: [Target] = []
#endif
let shimmed: [Target.Dependency] = shims.map { .byName(name: $0.name) }

let package = Package(
    name: "HazelWallet",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "HazelWallet", targets: ["HazelWallet", "HazelBridge"]),
        // For the tests of apps: two wallets and a bad radio. Never part of one.
        .library(name: "HazelLab", targets: ["HazelLab"]),
    ],
    targets: [
        .systemLibrary(name: "HazelBridgeFFI", path: "Generated/HazelBridgeFFI"),
        .systemLibrary(name: "HazelLabFFI", path: "Generated/HazelLabFFI"),
        .target(
            name: "HazelBridge",
            dependencies: ["HazelBridgeFFI"],
            path: "Generated/HazelBridge",
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        // The lab never ships: only the tests need it.
        .target(
            name: "HazelLab",
            dependencies: ["HazelLabFFI", "HazelBridge"],
            path: "Generated/HazelLab",
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .target(name: "HazelWallet", dependencies: ["HazelBridge"] + shimmed, resources: [.copy("PrivacyInfo.xcprivacy")]),
        // The lab's library holds the bridge too; both together would be two bridges in one process.
        .testTarget(
            name: "HazelWalletTests",
            dependencies: ["HazelWallet", "HazelLab"] + shimmed,
            linkerSettings: [.linkedLibrary("hazel_lab")]
        ),
    ] + shims,
    swiftLanguageModes: [.v6]
)
