// swift-tools-version: 6.0
import PackageDescription

// What the app's screens show, apart from the screens: built and tested anywhere. The app itself is made by Xcode from project.yml.

// SwiftUI is not on Linux: a module of our own stands in for it there, so that the screens are compiled against something.
#if os(Linux)
    let hasLab = true
    let linking: [LinkerSetting] = [.linkedLibrary("hazel_lab")]
    let screens: [Target] = [
        .target(name: "SwiftUI", path: "Shims/SwiftUI", swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(
            name: "HazelApp",
            dependencies: ["SwiftUI", "WalletScreens", .product(name: "HazelWallet", package: "Wallet")],
            path: "Hazel",
            exclude: ["Info.plist", "Hazel.entitlements", "Localizable.xcstrings", "InfoPlist.xcstrings"]),
    ]
#else
    let hasLab = Context.environment["HAZEL_LAB"] != nil
    let linking: [LinkerSetting] = []
    let screens: [Target] = []
#endif

// They need the lab; see ios/Wallet/Package.swift.
let tests: [Target] = [
    .testTarget(
        name: "WalletScreensTests",
        dependencies: [
            "WalletScreens", .product(name: "HazelWallet", package: "Wallet"), .product(name: "HazelLab", package: "Wallet"),
        ],
        linkerSettings: linking
    )
]

let package = Package(
    name: "HazelApp",
    defaultLocalization: "en",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "WalletScreens", targets: ["WalletScreens"])],
    dependencies: [.package(path: "../Wallet")],
    targets: [
        .target(name: "WalletScreens", dependencies: [.product(name: "HazelWallet", package: "Wallet")]),
    ] + (hasLab ? tests : []) + screens,
    swiftLanguageModes: [.v6]
)
