import Foundation
import HazelBridge

/// One device on a tally.
public struct DeviceRow: Hashable, Sendable, Identifiable {
    public let id: String
    public let number: UInt32
    public let title: Phrase
    public let note: Phrase
    /// Whether I may take leave to sign from it.
    public let canRevoke: Bool
    /// Whether I may hand it some of what this one may still pay.
    public let canHand: Bool
    /// Whether it is this one, and may sign no longer: a copy of it went on, or another one was restored in its place.
    public let canBeginAnew: Bool
}

/// Both parties' devices, and letting in another of mine.
public struct DevicesState: Equatable, Sendable {
    public let mine: [DeviceRow]
    public let theirs: [DeviceRow]
    public let canAdd: Bool

    public init(_ devices: [Device], hasRoot: Bool) {
        mine = devices.filter(\.mine).map { Self.row($0, hasRoot: hasRoot) }
        theirs = devices.filter { !$0.mine }.map { Self.row($0, hasRoot: false) }
        canAdd = hasRoot
    }

    private static func row(_ device: Device, hasRoot: Bool) -> DeviceRow {
        let note: Phrase =
            if !device.active {
                Phrase("device_revoked")
            } else if let allowance = device.allowance {
                Phrase("device_allowance", amount(allowance))
            } else {
                Phrase("device_all")
            }
        return DeviceRow(
            id: "\(device.mine ? "mine" : "theirs") \(device.device)",
            number: device.device,
            title: device.here ? Phrase("device_here", "\(device.device)") : Phrase("device_number", "\(device.device)"),
            note: note,
            canRevoke: hasRoot && device.mine && !device.here && device.active,
            canHand: device.mine && !device.here && device.active,
            canBeginAnew: device.here && !device.active)
    }
}

/// Letting another device of mine in: its request is read, and answered with a file that goes back to it.
public struct LetInState: Equatable, Sendable {
    /// The answer: who has it can open a wallet of mine.
    public private(set) var answer = Patience<Data>.idle
    /// How much another device of mine shall be able to pay, as it is typed.
    public private(set) var typed = ""
    public private(set) var units: Int64?

    public static let requestFile = "hazel-device.request"
    public static let answerFile = "hazel-device.answer"

    public init() {}

    public mutating func begin(now: UInt64) { answer = .begun(now: now, seconds: 30) }
    public mutating func answered(_ bytes: Data) { answer = .done(bytes) }
    public mutating func failed(_ error: any Error) { answer = .failed(Mishap(error)) }
    public mutating func tick(now: UInt64) { answer.tick(now: now) }

    public mutating func type(_ text: String) {
        typed = text
        units = (try? parseAmount(text: text)).flatMap { $0 > 0 ? $0 : nil }
    }
}
