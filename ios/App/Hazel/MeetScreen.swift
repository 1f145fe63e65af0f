import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Meeting a partner near by: what is in the way, the looking, the end.
struct MeetScreen: View {
    @ObservedObject var pocket: Pocket
    let holding: Holding
    @State private var state: MeetState

    init(pocket: Pocket, holding: Holding, tally: String, partner: String) {
        self.pocket = pocket
        self.holding = holding
        _state = State(initialValue: MeetState(tally: tally, partner: partner))
    }

    var body: some View {
        VStack(spacing: 16) {
            if state.isBusy { ProgressView().accessibilityHidden(true) }
            Text(state.text.text).font(.title3).multilineTextAlignment(.center)
            if case .over(_, let open) = state.phase { Lines(open) }
            ForEach(state.hints, id: \.self) { hint in
                Text(MeetState.remedy(hint).text).font(.footnote).foregroundStyle(.secondary)
            }
            if !state.isBusy { Button(Phrase("meet_again").text) { look() } }
            if state.phase == .nobody {
                NavigationLink(
                    destination: { ErrandsScreen(holding: holding, tally: state.tally) },
                    label: { Label(Phrase("errand_send").text, systemImage: "figure.walk") })
            }
            Toggle(Phrase("meet_stay").text, isOn: Binding(get: { pocket.wantsToMeet }, set: { pocket.wantsToMeet = $0 }))
            Text(Phrase("meet_honest").text).font(.footnote).foregroundStyle(.secondary)
        }
        .padding()
        .navigationTitle(Phrase("meet").text)
        .task { await follow() }
        .everySecond { state.tick(now: $0) }
        .onDisappear { if !pocket.wantsToMeet { holding.radio.stop() } }
    }

    private func look() {
        state.begin(holding.radio.start(), now: now())
        holding.radio.meet(state.tally)
    }

    private func follow() async {
        let notices = holding.wallet.notices
        look()
        for await notice in notices { state.hear(notice, now: now()) }
    }
}
