import Foundation
import HazelBridge

/// Who must be there for the wallet's key to be used. The chip guards it in every case.
public enum Guarding: Sendable {
    /// Whoever has unlocked the phone once since it was switched on. The only one with which a wallet can be opened in a pocket, when the
    /// system starts the app for its radio.
    case phone
    /// A face, a finger, or the passcode of the phone. Taking the passcode away destroys the key.
    case presence
    /// A face or finger that is enrolled now. Enrolling another one destroys the key.
    case enrolled
}

/// What one of Apple's frameworks has said, as plain words and numbers.
struct Said: Equatable {
    var domain: String
    var code: Int

    static let status = "NSOSStatusErrorDomain"
    static let authentication = "com.apple.LocalAuthentication"
    static let token = "CryptoTokenKit"
}

/// What the key store knows before it asks anybody.
struct Standing: Equatable {
    /// Whether the chip has the key.
    var hasKey: Bool
    /// Which faces and fingers were enrolled when the key was made; none if it never was. Empty where that does not matter.
    var enrolledThen: Data?
    /// Which are enrolled now; none if there are none, or the phone does not say.
    var enrolledNow: Data?
    /// Why nothing could be guarded now, if so.
    var obstacle: Said?

    /// Whether the key is gone for good.
    var isLost: Bool {
        guard let then = enrolledThen else { return false }
        if !hasKey { return true }
        if then.isEmpty { return false }
        // Too many wrong tries, and the phone says nothing: that is no change.
        guard let now = enrolledNow else { return obstacle == Said(domain: Said.authentication, code: -7) }
        return now != then
    }

    /// What `status` answers.
    var status: KeyStatus {
        if isLost { return .invalidated }
        if hasKey { return .ready }
        if let obstacle, case .NotEnrolled = refusal(for: obstacle) { return .notEnrolled }
        return .absent
    }
}

/// Says in Hazel's words what Apple says in its own.
func refusal(for said: Said) -> KeyStoreError {
    switch (said.domain, said.code) {
    // The person, the system or the app has put the question away; or the person was not recognised, and may try again.
    case (Said.authentication, -1), (Said.authentication, -2), (Said.authentication, -3), (Said.authentication, -4),
        (Said.authentication, -9), (Said.status, -128), (Said.status, -25293), (Said.token, -4), (Said.token, -5):
        .Cancelled
    case (Said.authentication, -8): .LockedOut
    // No passcode; no finger or face.
    case (Said.authentication, -5), (Said.authentication, -7), (Said.status, -25291): .NotEnrolled
    case (Said.status, -25300), (Said.token, -6): .Invalidated
    // Bytes that this key has not wrapped.
    case (Said.status, -50), (Said.status, -26275), (Said.token, -3), (Said.token, -8): .Damaged
    case (Said.status, -25308), (Said.authentication, -1004): .Failed(reason: "the phone is locked")
    default: .Failed(reason: "\(said.domain) \(said.code)")
    }
}
