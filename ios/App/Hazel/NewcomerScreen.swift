import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Meeting somebody new without a camera: what I grant, who invites; then words and pictures to compare.
struct NewcomerScreen: View {
    @ObservedObject var pocket: Pocket
    let holding: Holding
    @State private var state = NewcomerState()

    var body: some View {
        Form {
            if state.isBusy { ProgressView().accessibilityHidden(true) }
            Text(state.text.text)
            switch state.phase {
            case .asking:
                TermsFields(state: $state.terms)
                Button(Phrase("newcomer_invite").text) { look(.stock) }.disabled(state.terms.terms == nil)
                Button(Phrase("newcomer_answer").text) { look(nil) }.disabled(state.terms.terms == nil)
            case .comparing(let words, let emoji):
                ForEach(words, id: \.self) { word in Text(word).font(.title3).bold() }
                Text(emoji.joined(separator: "  ")).font(.largeTitle)
                Button(Phrase("newcomer_same").text) { say(true) }
                Button(Phrase("newcomer_differ").text) { say(false) }
            case .begun(let tally):
                NavigationLink(
                    destination: { MeetScreen(pocket: pocket, holding: holding, tally: tally, partner: "") },
                    label: { Label(Phrase("meet").text, systemImage: "dot.radiowaves.left.and.right") })
            case .nobody, .failed, .blocked:
                Button(Phrase("meet_again").text) { state.startOver() }
            case .looking, .waiting:
                EmptyView()
            }
        }
        .navigationTitle(Phrase("newcomer").text)
        .task { await follow() }
        .everySecond { state.tick(now: $0) }
        .onDisappear {
            holding.radio.leaveNewcomer()
            // The meeting that follows needs the radio.
            if !state.isBegun, !pocket.wantsToMeet { holding.radio.stop() }
        }
    }

    private func look(_ side: Side?) {
        guard let terms = state.terms.terms else { return }
        state.look(holding.radio.start(), now: now())
        holding.radio.meetNewcomer(side: side, terms: terms)
    }

    private func say(_ same: Bool) {
        holding.radio.codesMatch(same)
        state.say(same: same, now: now())
    }

    private func follow() async {
        for await notice in holding.wallet.notices { state.hear(notice) }
    }
}
