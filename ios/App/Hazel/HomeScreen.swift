import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Where I stand, what waits for me, and each tally.
struct HomeScreen: View {
    @ObservedObject var pocket: Pocket
    let holding: Holding
    @State private var state: HomeState?
    @State private var mishap: Mishap?
    @State private var scans = false

    var body: some View {
        NavigationStack {
            List {
                if let mishap { MishapText(mishap) }
                if let state {
                    Section {
                        AmountText(amount: state.net, direction: state.direction)
                        if let pending = state.pending { Text(pending.text).foregroundStyle(.secondary) }
                    }
                    if !state.waiting.isEmpty {
                        Section(Phrase("home_waiting").text) {
                            ForEach(state.waiting, id: \.self) { line in
                                NavigationLink(destination: { goal(line.goal, state) }, label: { Text(line.text.text) })
                            }
                        }
                    }
                    TalliesSection(title: Phrase("home_tallies"), rows: state.tallies) { row in
                        TallyScreen(pocket: pocket, holding: holding, tally: row.id, partner: row.partner, hasRoot: state.hasRoot)
                    }
                    if state.tallies.isEmpty { Text(Phrase("home_empty").text) }
                    Section {
                        NavigationLink(
                            destination: { InviteScreen(holding: holding) }, label: { Label(Phrase("invite").text, systemImage: "person.badge.plus") })
                        NavigationLink(
                            destination: { NewcomerScreen(pocket: pocket, holding: holding) },
                            label: { Label(Phrase("newcomer").text, systemImage: "person.2.wave.2") })
                        NavigationLink(
                            destination: { TalliesScreen(pocket: pocket, holding: holding) },
                            label: { Label(Phrase("tallies_all").text, systemImage: "list.bullet") })
                        NavigationLink(
                            destination: { SettingsScreen(pocket: pocket, holding: holding, hasRoot: state.hasRoot) },
                            label: { Label(Phrase("settings").text, systemImage: "gear") })
                    }
                }
            }
            .navigationTitle(state?.name ?? "")
            .toolbar {
                Button { scans = true } label: { Label(Phrase("scan").text, systemImage: "qrcode.viewfinder") }
            }
            .sheet(isPresented: $scans) { ScanScreen(holding: holding, text: nil) }
            .sheet(isPresented: hasLink) { ScanScreen(holding: holding, text: pocket.link) }
        }
        .task { await follow() }
    }

    /// A link that opened the app is read as if it had been scanned.
    private var hasLink: Binding<Bool> {
        Binding(get: { pocket.link != nil }, set: { if !$0 { pocket.link = nil } })
    }

    private func follow() async {
        do {
            for try await home in holding.wallet.home() { state = HomeState(home) }
        } catch {
            mishap = Mishap(error)
        }
    }

    @ViewBuilder
    private func goal(_ goal: Goal, _ state: HomeState) -> some View {
        switch goal {
        case .tally(let id): TallyScreen(pocket: pocket, holding: holding, tally: id, partner: partner(id, state), hasRoot: state.hasRoot)
        case .offer(let id): OfferScreen(holding: holding, tally: id, partner: partner(id, state))
        case .pay(let id, let invoice): PayScreen(holding: holding, tally: id, invoice: invoice)
        case .meet(let id): MeetScreen(pocket: pocket, holding: holding, tally: id, partner: partner(id, state))
        case .devices(let id): DevicesScreen(holding: holding, tally: id, hasRoot: state.hasRoot)
        case .backup: BackupScreen(holding: holding)
        }
    }

    private func partner(_ id: String, _ state: HomeState) -> String {
        (state.tallies + state.closed).first { $0.id == id }?.partner ?? ""
    }
}
