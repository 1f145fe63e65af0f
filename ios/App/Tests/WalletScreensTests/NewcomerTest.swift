import HazelBridge
import HazelWallet
import WalletScreens
import XCTest

/// Being introduced, as a screen sees it.
final class NewcomerTest: XCTestCase {
    private let code = Notice.compare(words: ["a", "b", "c"], emoji: ["1", "2", "3", "4"])

    func testFromLookingToATallyThatHasBegun() {
        var state = NewcomerState()
        state.look([.savingPower], now: 100)
        XCTAssertEqual(state.phase, .looking(until: 220), "what is only a hint is in nobody's way")
        state.hear(code)
        XCTAssertEqual(state.text, Phrase("newcomer_compare"))
        state.tick(now: 10_000)
        XCTAssertFalse(state.isBusy, "people may take their time")
        state.say(same: true, now: 300)
        XCTAssertEqual(state.phase, .waiting(until: 420))
        state.hear(.introduced(tally: "t"))
        XCTAssertEqual(state.phase, .begun(tally: "t"))
        state.hear(.notIntroduced(trouble: trouble("link_lost", .nobody)))
        XCTAssertTrue(state.isBegun)
    }

    func testEveryWaitEndsAndANoSaysWhy() {
        var state = NewcomerState()
        state.hear(.notIntroduced(trouble: trouble("link_lost", .nobody)))
        XCTAssertEqual(state.phase, .asking, "whoever has given up is told nothing")
        state.look([], now: 0)
        state.tick(now: NewcomerState.patience)
        XCTAssertEqual(state.phase, .nobody)
        state.startOver()
        state.look([], now: 0)
        state.hear(code)
        state.say(same: false, now: 1)
        state.hear(.notIntroduced(trouble: trouble("codes_differ", .nobody)))
        XCTAssertEqual(state.text, Phrase("error_codes_differ"))
        state.look([.switchedOff], now: 0)
        XCTAssertEqual(state.text, Phrase("blocked_switched_off"))
    }
}
