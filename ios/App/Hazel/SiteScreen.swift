import Foundation
import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// The site that speaks for me while this phone is away.
struct SiteScreen: View {
    @ObservedObject var pocket: Pocket
    let holding: Holding
    @State private var state = SiteState(link: nil)
    @State private var mishap: Mishap?
    @State private var going: Task<Void, Never>?

    var body: some View {
        Form {
            if let mishap { MishapText(mishap) }
            Section {
                Text(state.title.text)
                if state.link == nil {
                    TextField(Phrase("site_ticket").text, text: $state.ticket)
                        .autocorrectionDisabled()
                        .accessibilityLabel(Phrase("site_ticket").text)
                    Button(Phrase("site_link").text) { link() }.disabled(!state.mayLink)
                } else {
                    Button(Phrase("site_go").text) { go() }.disabled(!state.mayGo)
                }
                Waiting(state.way)
                if state.way.isWorking { Button(Phrase("site_stop").text) { going?.cancel() } }
                if let lines = state.way.value { Lines(lines) }
            }
            if state.link != nil, !state.rows.isEmpty {
                Section(Phrase("site_speaks_for").text) { ForEach(state.rows) { speaker($0) } }
            }
            if state.link != nil {
                Section {
                    Text(Phrase("site_forget_why").text).font(.footnote)
                    Button(Phrase("site_forget").text, role: .destructive) { forget() }.disabled(!state.mayForget)
                }
            }
        }
        .navigationTitle(Phrase("site").text)
        .task {
            state = SiteState(link: pocket.siteLink)
            await look()
        }
        .everySecond { state.tick(now: $0) }
        .onDisappear { going?.cancel() }
    }

    private func speaker(_ row: SpeakerRow) -> some View {
        VStack(alignment: .leading, spacing: 2) {
            Text(row.partner)
            Text(row.note.text).font(.footnote).foregroundStyle(.secondary)
            Button(Phrase(row.isSite ? "speak_here" : "speak_site").text) { turn(row) }
        }
    }

    private func link() {
        let (ticket, keep) = (state.tidyTicket, pocket.keepSiteLink)
        travel { try await $0.first(ticket: ticket, keep: keep) }
    }

    private func go() {
        guard let link = state.link else { return }
        travel { try await $0.again(link) }
    }

    private func travel(_ way: @escaping @Sendable (WayHome) async throws -> Homecoming) {
        state.begin(now: now())
        let home = WayHome(holding.wallet.bridge, within: SiteState.within * 1_000)
        going = Task {
            do {
                let come = try await way(home)
                if let link = pocket.siteLink { state.kept(link) }
                state.came(come)
            } catch {
                state.failed(error)
            }
            await look()
        }
    }

    private func turn(_ row: SpeakerRow) {
        guard let site = state.link?.site else { return }
        Task {
            do {
                try await holding.wallet.run { row.isSite ? try $0.hostHere(tally: row.id) : try $0.hostAt(tally: row.id, site: site) }
                mishap = nil
            } catch {
                mishap = Mishap(error)
            }
            await look()
        }
    }

    private func forget() {
        do {
            try pocket.forgetSiteLink()
            state.forget()
        } catch {
            mishap = Mishap(error)
        }
    }

    private func look() async {
        do {
            let (speakers, home) = try await holding.wallet.run { (try $0.speakers(), try $0.home()) }
            state.hear(speakers, home: home)
        } catch {
            mishap = Mishap(error)
        }
    }
}
