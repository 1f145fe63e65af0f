import Foundation
import HazelBridge
import HazelLab
import HazelWallet
import WalletScreens
import XCTest

/// The first start, the words, the backup and its rehearsal, the audit, the end.
final class WordsTest: PairTest {
    func testAWalletIsMadeOnlyWhenTheWordsAreOnPaper() throws {
        var first = FirstStartState()
        first.makeNew()
        first.name = "   "
        first.show(phrase: try newWords(), asked: [3, 17])
        XCTAssertEqual(first.page, .name, "without a name there is nobody")
        first.name = "  Ana \n Nuez "
        XCTAssertEqual(first.tidyName, "Ana Nuez")
        first.name = String(repeating: "ñ", count: 31)
        XCTAssertNil(first.tidyName)
        first.name = "Ana"
        let phrase = try newWords()
        first.show(phrase: phrase, asked: [17, 3, 99])
        let words = try XCTUnwrap(first.words)
        XCTAssertEqual(words.words.count, 24)
        XCTAssertEqual(words.asked, [3, 17], "in order, and only what there is")
        first.haveWritten()
        XCTAssertFalse(first.check())
        first.answer(0, " " + words.words[2].uppercased() + " ")
        first.answer(1, "wrong")
        XCTAssertFalse(first.check())
        first.answer(1, words.words[16])
        first.answer(7, "beyond")
        XCTAssertTrue(first.check())
        first.begin(now: 0)
        let wallet = try Wallet.create(
            file: file("new.hazel"), keys: PocketKeys(), name: XCTUnwrap(first.tidyName), words: words.phrase, clock: nil)
        first.done()
        XCTAssertNil(first.words, "the words are let go of")
        XCTAssertEqual(try wallet.home().name, "Ana")
    }

    func testMistypedWordsAreNamedAndAnySeparatorWillDo() throws {
        let phrase = try newWords()
        var backup = BackupState()
        XCTAssertFalse(backup.areWords)
        backup.words = phrase.uppercased().replacingOccurrences(of: " ", with: ",\n 1.")
        XCTAssertTrue(backup.areWords, "\(String(describing: backup.mishap))")
        XCTAssertEqual(backup.phrase, phrase)
        var list = phrase.split(separator: " ").map(String.init)
        list[4] = "zzzz"
        backup.words = list.joined(separator: " ")
        XCTAssertEqual(backup.mishap?.text.key, "error_words")
        XCTAssertEqual(backup.mishap?.text.words.count, 1)
        backup.words = "one two three"
        XCTAssertEqual(backup.mishap?.text.key, "error_words_count")
    }

    func testABackupIsRehearsedAndComesBackOnAnotherPhone() throws {
        let phrase = try newWords()
        let wallet = try Wallet.create(file: file("mine.hazel"), keys: PocketKeys(), name: "Ana", words: phrase, clock: nil)
        XCTAssertTrue(HomeState(try wallet.home()).hasRoot)
        var state = BackupState()
        state.words = phrase
        state.begin(now: 0)
        let bytes = try wallet.backup(words: state.phrase)
        state.made(bytes: bytes.count)
        XCTAssertEqual(state.file.value, bytes.count)
        state.rehearse(now: 0)
        state.rehearsed(try wallet.rehearse(words: state.phrase, backup: bytes))
        XCTAssertEqual(state.rehearsal.value, [Phrase("rehearsed_tallies", counting: 0), Phrase("rehearsed_entries", counting: 0)])
        state.rehearsed(Rehearsal(tallies: 2, chits: 9, made: 1, newer: 3))
        XCTAssertEqual(state.rehearsal.value?.last, Phrase("rehearsed_newer", counting: 3))
        XCTAssertThrowsError(try wallet.rehearse(words: newWords(), backup: bytes)) { state.rehearsalFailed($0) }
        XCTAssertEqual(state.rehearsal.mishap?.text, Phrase("error_wrong_passphrase"))
        state.rehearse(now: 0)
        state.tick(now: 60)
        XCTAssertEqual(state.rehearsal, .late)
        let restored = try Wallet.restore(file: file("again.hazel"), keys: PocketKeys(), words: phrase, backup: bytes, clock: nil)
        XCTAssertEqual(try restored.home().name, "Ana")
    }

    func testAnAuditIsToldAndAWalletIsDestroyedOnlyByTheWord() throws {
        var settings = SettingsState(safeWord: "Hazel")
        settings.begin(now: 0)
        settings.heard(try ana.audit().run())
        XCTAssertEqual(settings.audit.value?.last, Phrase("audit_well"))
        settings.heard(AuditReport(tallies: 1, chits: 1, signatures: 1, findings: ["a sum is wrong"], strayPages: 2))
        XCTAssertEqual(settings.audit.value?.last, Phrase("audit_findings", counting: 1))
        XCTAssertEqual(settings.audit.value?.first, Phrase("audit_tallies", counting: 1))
        XCTAssertTrue(settings.audit.value?.contains(Phrase("audit_stray", counting: 2)) == true)
        XCTAssertEqual(settings.findings, ["a sum is wrong"])
        let audit = try ana.audit()
        try audit.cancel()
        XCTAssertThrowsError(try audit.run()) { settings.failed($0) }
        XCTAssertEqual(settings.audit.value, [Phrase("audit_stopped")], "the person's own wish is no mishap")
        XCTAssertFalse(settings.mayWipe)
        settings.typed = " hazel "
        XCTAssertTrue(settings.mayWipe)
        XCTAssertFalse(SettingsState(safeWord: "").mayWipe)
    }

    func testEveryMishapSaysWhoseFaultItIs() {
        XCTAssertEqual(Mishap(trouble("over_limit", .you, [Argument(name: "largest", value: "12500")])).text, Phrase("error_over_limit", "12.50"))
        let strange = Mishap(trouble("never_heard_of", .partner))
        XCTAssertEqual(strange.text, Phrase("fault_partner"))
        XCTAssertEqual(strange.detail, "never_heard_of: in English")
        XCTAssertEqual(Mishap(CocoaError(.fileReadUnknown)).text, Phrase("fault_machine"))
    }
}

/// A key store without a chip, for tests.
