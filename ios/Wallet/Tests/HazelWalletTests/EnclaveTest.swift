// On Linux only: it tells the stand-ins for Apple's frameworks what to do.
#if os(Linux)
import Foundation
import HazelBridge
import HazelLab
import LocalAuthentication
import Security
import XCTest

@testable import HazelWallet

/// The key store as it ships, over a chip of our own on Linux, which proves our side and nothing of Apple's.
final class EnclaveTest: FolderTest {
    private let secret = Data(0..<32)

    override func setUpWithError() throws {
        try super.setUpWithError()
        Chip.shared.clear()
    }

    private func enclave(_ guarding: Guarding) -> Enclave { Enclave(guarding: guarding, reason: "to open your wallet") }

    private func answer(_ call: () throws -> Any) -> KeyStoreError? {
        do {
            _ = try call()
            return nil
        } catch {
            return error as? KeyStoreError
        }
    }

    func testWhatIsWrappedIsUnwrappedAgainAndOnlyThenIsThePersonAsked() throws {
        for guarding in [Guarding.presence, .enrolled] {
            Chip.shared.clear()
            let keys = enclave(guarding)
            XCTAssertEqual(try keys.status(), .absent)
            let wrapped = try keys.wrap(secret: secret)
            XCTAssertNotEqual(wrapped.suffix(32), secret)
            XCTAssertEqual(try keys.status(), .ready)
            XCTAssertEqual(Chip.shared.person.asked, 0)
            XCTAssertEqual(try keys.unwrap(wrapped: wrapped), secret)
            XCTAssertEqual(Chip.shared.person.asked, 1)
            XCTAssertEqual(Chip.shared.person.reason, "to open your wallet")
        }
        Chip.shared.clear()
        let keys = enclave(.phone)
        XCTAssertEqual(try keys.unwrap(wrapped: keys.wrap(secret: secret)), secret)
        XCTAssertEqual(Chip.shared.person.asked, 0)
    }

    func testEachThingThatApplesFrameworksSayIsAnAnswerOfItsOwn() throws {
        let keys = enclave(.presence)
        let wrapped = try keys.wrap(secret: secret)
        let answers: [(String, Int, KeyStoreError)] = [
            (Said.authentication, -2, .Cancelled), (Said.authentication, -4, .Cancelled), (Said.authentication, -9, .Cancelled),
            (Said.authentication, -1, .Cancelled), (Said.authentication, -3, .Cancelled), (Said.status, -128, .Cancelled),
            (Said.token, -4, .Cancelled), (Said.authentication, -8, .LockedOut), (Said.authentication, -5, .NotEnrolled),
            (Said.authentication, -7, .NotEnrolled), (Said.status, -25300, .Invalidated), (Said.token, -6, .Invalidated),
            (Said.status, -50, .Damaged), (Said.token, -3, .Damaged), (Said.status, -25308, .Failed(reason: "the phone is locked")),
            ("Elsewhere", 7, .Failed(reason: "Elsewhere 7")),
        ]
        for (domain, code, expected) in answers {
            Chip.shared.person.refusal = (domain, code)
            XCTAssertEqual(answer { try keys.unwrap(wrapped: wrapped) }, expected, "\(domain) \(code)")
        }
        Chip.shared.person.refusal = nil
        XCTAssertEqual(try keys.unwrap(wrapped: wrapped), secret, "nothing was lost by being refused")
    }

    func testAnotherFingerEndsAKeyThatIsBoundToThoseOfThen() throws {
        let (bound, present) = (enclave(.enrolled), Enclave(alias: "other", guarding: .presence, reason: ""))
        let (one, two) = (try bound.wrap(secret: secret), try present.wrap(secret: secret))
        Chip.shared.person.enrolled = Data("two fingers".utf8)
        XCTAssertEqual(try bound.status(), .invalidated)
        XCTAssertEqual(answer { try bound.unwrap(wrapped: one) }, .Invalidated)
        XCTAssertEqual(Chip.shared.person.asked, 0, "nobody is asked for a key that is gone")
        XCTAssertEqual(try present.unwrap(wrapped: two), secret)
        // Locked out the phone does not say who is enrolled: that is no change.
        Chip.shared.person.enrolled = nil
        XCTAssertEqual(try present.status(), .ready)
        // Whoever restores from the words gets a new key.
        Chip.shared.person.enrolled = Data("two fingers".utf8)
        let again = try bound.wrap(secret: secret)
        XCTAssertEqual(try bound.unwrap(wrapped: again), secret)
        XCTAssertEqual(answer { try bound.unwrap(wrapped: one) }, .Damaged)
    }

    func testWithoutAPasscodeNothingIsGuardedAndTakingItAwayEndsTheKey() throws {
        let keys = enclave(.presence)
        let wrapped = try keys.wrap(secret: secret)
        Chip.shared.removePasscode()
        XCTAssertEqual(try keys.status(), .invalidated)
        XCTAssertEqual(answer { try keys.unwrap(wrapped: wrapped) }, .Invalidated)
        XCTAssertEqual(answer { try keys.wrap(secret: secret) }, .NotEnrolled)
        XCTAssertEqual(try keys.status(), .notEnrolled)
    }

    func testWhatWasNeverWrappedAndAKeychainThatIsClosed() throws {
        let keys = enclave(.presence)
        XCTAssertEqual(answer { try keys.unwrap(wrapped: Data()) }, .Damaged)
        XCTAssertEqual(answer { try keys.unwrap(wrapped: Data([2]) + Data(count: 120)) }, .Damaged)
        XCTAssertEqual(answer { try keys.unwrap(wrapped: Data([1]) + Data(count: 120)) }, .Invalidated, "there is no key here")
        _ = try keys.wrap(secret: secret)
        XCTAssertEqual(answer { try keys.unwrap(wrapped: Data([1]) + Data(count: 120)) }, .Damaged)
        try keys.delete()
        try keys.delete()
        XCTAssertEqual(try keys.status(), .absent)
        Chip.shared.person.keychain = -25308
        XCTAssertEqual(answer { try keys.status() }, .Failed(reason: "the phone is locked"))
        XCTAssertEqual(answer { try keys.wrap(secret: secret) }, .Failed(reason: "the phone is locked"))
    }

    func testAWalletBehindItOpensStaysShutAndOpensAgain() throws {
        let keys = enclave(.presence)
        try Wallet.create(file: file(), keys: keys, name: "Ana", words: newWords(), clock: nil).shut()
        Chip.shared.person.refusal = (Said.authentication, -2)
        XCTAssertEqual(code { try Wallet.open(file: file(), keys: keys, clock: nil) }, "cancelled")
        Chip.shared.person.refusal = (Said.authentication, -8)
        XCTAssertEqual(code { try Wallet.open(file: file(), keys: keys, clock: nil) }, "locked_out")
        Chip.shared.person.refusal = nil
        XCTAssertEqual(try Wallet.open(file: file(), keys: keys, clock: nil).home().name, "Ana")
        Chip.shared.removePasscode()
        XCTAssertEqual(code { try Wallet.open(file: file(), keys: keys, clock: nil) }, "invalidated")
    }
}
#endif
