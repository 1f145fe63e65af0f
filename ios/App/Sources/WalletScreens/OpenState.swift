import Foundation
import HazelBridge
import HazelWallet

/// Opening the wallet at the start: what went wrong, and what can be done about it.
public struct OpenState: Equatable, Sendable {
    public private(set) var mishap: Mishap?
    /// The key is gone for good: only the words and a backup bring the wallet back.
    public private(set) var isLost = false

    public init() {}

    public mutating func begin() { self = OpenState() }

    public mutating func failed(_ error: any Error) {
        mishap = Mishap(error)
        isLost = ["invalidated", "corrupt"].contains((error as? HazelError)?.code)
    }

    /// The wallet in a file; none where there is no file, or where the app was killed while it destroyed its wallet: the rest is destroyed now.
    public static func wallet(in file: String, keys: any KeyStore) throws -> Wallet? {
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        do {
            return try Wallet.open(file: file, keys: keys, clock: nil)
        } catch let refused as HazelError where refused.code == "wrong_file" {
            try finishWipe(file: file)
            return nil
        }
    }

    /// A file whose key is lost is in the way of the wallet that comes back; it is put aside, never thrown away.
    public static func putAside(_ file: String, now: UInt64) throws {
        for ending in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: file + ending) {
            try FileManager.default.moveItem(atPath: file + ending, toPath: "\(file).lost-\(now)\(ending)")
        }
    }
}
