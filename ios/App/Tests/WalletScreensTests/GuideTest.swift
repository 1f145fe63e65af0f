import Foundation
import XCTest

/// Every line of Swift in the guide stands in a file that is compiled.
final class GuideTest: XCTestCase {
    func testEverySnippetIsCompiled() throws {
        let ios = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized
        let guide = try String(contentsOf: ios.appendingPathComponent("../docs/guides/ios.md").standardized, encoding: .utf8)
        var compiled = Set<String>()
        for folder in ["App/Hazel", "App/Sources/WalletScreens", "Wallet/Sources/HazelWallet", "Wallet/Tests/HazelWalletTests"] {
            let place = ios.appendingPathComponent(folder)
            for name in try FileManager.default.contentsOfDirectory(atPath: place.path) where name.hasSuffix(".swift") {
                let text = try String(contentsOf: place.appendingPathComponent(name), encoding: .utf8)
                compiled.formUnion(text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
            }
        }
        var (isSwift, lines) = (false, 0)
        for line in guide.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            if line.hasPrefix("```") {
                isSwift = line == "```swift"
            } else if isSwift {
                XCTAssertTrue(compiled.contains(line), "in no compiled file: \(line)")
                lines += 1
            }
        }
        XCTAssertGreaterThan(lines, 6)
    }
}
