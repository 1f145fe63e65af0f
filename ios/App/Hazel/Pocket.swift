import Foundation
import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// The open wallet and its radio.
struct Holding {
    let wallet: HazelWallet
    let radio: Bluetooth
}

/// What the app holds, and what the system tells it.
@MainActor
final class Pocket: ObservableObject {
    @Published private(set) var holding: Holding?
    @Published private(set) var opening = OpenState()
    @Published private(set) var isNew = false
    /// A link that opened the app, until a screen takes it.
    @Published var link: String?

    /// Where your app's links lead; the same as in `Hazel.entitlements`.
    static let host = "tally.example.org"
    private var isInFront = false
    /// Read by the system again when it starts the app for its radio.
    private static let wantsToMeet = "wantsToMeet"

    private var keys: Enclave { Enclave(reason: Phrase("reason_to_open").text) }

    /// Opens the wallet, if there is one. Called at every start, also when the system starts the app for its radio.
    func begin() async {
        guard holding == nil else { return }
        opening.begin()
        do {
            let (file, keys) = (try Self.file(), keys)
            if let wallet = try await offMain({ try OpenState.wallet(in: file, keys: keys) }) { try hold(wallet) } else { isNew = true }
        } catch {
            opening.failed(error)
        }
    }

    /// The key is lost: the person has the words, and a backup.
    func bringBack() { isNew = true }

    func make(name: String, words: String) async throws {
        let (file, keys) = (try Self.file(), keys)
        try hold(await offMain { try Wallet.create(file: file, keys: keys, name: name, words: words, clock: nil) })
    }

    func restore(words: String, backup: Data) async throws {
        let (file, keys) = (try Self.file(), keys)
        try hold(
            await offMain {
                try OpenState.putAside(file, now: now())
                return try Wallet.restore(file: file, keys: keys, words: words, backup: backup, clock: nil)
            })
    }

    /// Another device of mine has answered.
    func enrol(secret: Data, answer: Data) async throws {
        let (file, keys) = (try Self.file(), keys)
        try hold(await offMain { try Wallet.enrol(file: file, keys: keys, secret: secret, enrolment: answer, clock: nil) })
    }

    /// Destroys the wallet on this phone. What was signed stays owed.
    func wipe() async throws {
        guard let holding else { return }
        holding.radio.stop()
        try await holding.wallet.run { try $0.wipe() }
        try keys.delete()
        try forgetSiteLink()
        self.holding = nil
        isNew = true
    }

    /// The site that knows this phone, if one does.
    var siteLink: SiteLink? { (try? Self.siteFile()).flatMap(KeptLink.read) }

    /// Called while the site is still being spoken to, and not on the main thread.
    var keepSiteLink: @Sendable (SiteLink) throws -> Void { { try KeptLink.write($0, to: try Self.siteFile()) } }

    func forgetSiteLink() throws {
        let place = try Self.siteFile()
        if FileManager.default.fileExists(atPath: place.path) { try FileManager.default.removeItem(at: place) }
    }

    func opened(by url: URL) { link = linkIn(url, host: Self.host) }

    /// The radio is on while the person wants to meet, also in the background; else the wallet holds still there.
    func phase(isActive: Bool, isBackground: Bool) {
        isInFront = isActive || isInFront && !isBackground
        guard let holding else { return }
        holding.radio.inFront(isInFront)
        if isActive {
            try? holding.wallet.bridge.resume()
        } else if isBackground, !wantsToMeet {
            try? holding.wallet.bridge.suspend()
        }
    }

    var wantsToMeet: Bool {
        get { UserDefaults.standard.bool(forKey: Self.wantsToMeet) }
        set {
            UserDefaults.standard.set(newValue, forKey: Self.wantsToMeet)
            if newValue { holding?.radio.start() } else { holding?.radio.stop() }
        }
    }

    private func hold(_ bridge: Wallet) throws {
        let holding = Holding(wallet: try HazelWallet(bridge), radio: Bluetooth(bridge))
        self.holding = holding
        opening.begin()
        isNew = false
        holding.radio.inFront(isInFront)
        // The system may have started the app for this very radio.
        if wantsToMeet { holding.radio.start() }
    }

    /// In no backup of the system's: a copied wallet signs twice, and that is proven to partners. Readable after the first unlock, so that
    /// a meeting goes on in a pocket.
    nonisolated private static func folder() throws -> URL {
        let places = FileManager.default
        var folder = try places.url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            .appendingPathComponent("Hazel", isDirectory: true)
        try places.createDirectory(at: folder, withIntermediateDirectories: true, attributes: protection)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try folder.setResourceValues(values)
        return folder
    }

    private static func file() throws -> String { try folder().appendingPathComponent("wallet.hazel").path }

    /// Beside the wallet: in no backup either.
    nonisolated private static func siteFile() throws -> URL { try folder().appendingPathComponent("site.json") }

    nonisolated private static var protection: [FileAttributeKey: Any] {
        #if os(iOS)
            [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
        #else
            [:]
        #endif
    }
}

/// Off the main thread: a key store waits for the person, and a verb for the disk.
func offMain<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { done in
        DispatchQueue.global(qos: .userInitiated).async { done.resume(with: Result(catching: work)) }
    }
}
