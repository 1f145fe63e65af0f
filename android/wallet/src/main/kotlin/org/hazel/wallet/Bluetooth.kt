package org.hazel.wallet

import android.annotation.SuppressLint
import android.bluetooth.BluetoothAdapter
import android.bluetooth.BluetoothManager
import android.bluetooth.le.AdvertiseCallback
import android.bluetooth.le.AdvertiseData
import android.bluetooth.le.AdvertiseSettings
import android.bluetooth.le.ScanCallback
import android.bluetooth.le.ScanFilter
import android.bluetooth.le.ScanResult
import android.bluetooth.le.ScanSettings
import android.content.Context
import android.os.Build
import android.os.Handler
import android.os.HandlerThread
import android.os.ParcelUuid
import android.os.SystemClock
import org.hazel.bridge.HazelException
import org.hazel.bridge.Nearby
import org.hazel.bridge.Radio
import org.hazel.bridge.Side
import org.hazel.bridge.Terms
import org.hazel.bridge.Wallet
import org.hazel.bridge.information
import org.hazel.bridge.sights

/**
 * The phone's radio, driven by the wallet: shows itself, looks around, calls and is called. Everything runs on one thread of its own;
 * who calls whom, and what is said, the wallet decides.
 *
 * Run it in the foreground, or in [MeetingService]; [diagnose] says what is in the way.
 */
@SuppressLint("MissingPermission") // `start` refuses without them.
class Bluetooth(private val context: Context, private val wallet: Wallet) : Radio {
    private val looper = HandlerThread("hazel-radio").apply { start() }
    private val thread = Handler(looper.looper)
    private val radio = HandlerPost(thread)
    private val adapter: BluetoothAdapter? = context.getSystemService(BluetoothManager::class.java)?.adapter
    private val nearby = Nearby(wallet, this)
    private val links = mutableMapOf<ULong, Link>()
    private val numbers = mutableMapOf<Link, ULong>()
    private var listening: Listening? = null
    private var lastNumber = 0uL
    private var shown = 0
    private var running = false

    /** What keeps phones from meeting, most urgent first; empty if nothing does. */
    fun diagnose(): List<Blocker> = circumstances(context).blockers()

    /** Shows this phone to its partners and looks out for them. Answers what is in the way, and then does nothing. */
    fun start(): List<Blocker> {
        val inTheWay = diagnose().filter { it != Blocker.SAVING_POWER && it != Blocker.CANNOT_ADVERTISE }
        if (inTheWay.isEmpty()) thread.post { if (!running) begin() }
        return inTheWay
    }

    /** Ends every meeting and is silent. Nothing is lost: what was not confirmed is said again. */
    fun stop() {
        thread.post {
            running = false
            thread.removeCallbacks(showing)
            thread.removeCallbacks(waking)
            adapter?.bluetoothLeScanner?.stopScan(scanning)
            adapter?.bluetoothLeAdvertiser?.stopAdvertising(advertising)
            quietly { nearby.stop(now()) }
            // What the meetings have still to say leaves before the links are closed.
            thread.postDelayed({
                links.values.toList().forEach(Link::leave)
                listening?.close()
                server.close()
                looper.quitSafely()
            }, PARTING)
        }
    }

    /** The person wants to meet this partner now. */
    fun meet(tally: String) {
        thread.post { quietly { nearby.meet(tally) } }
    }

    /**
     * Meets somebody new without a camera. With a [side] this phone waits to be called, and invites to a tally on which it holds that half;
     * without one it calls who waits. [terms] is the credit I would grant. Notices tell what comes of it: first `Compare`, which wants
     * [codesMatch].
     */
    fun meetNewcomer(side: Side?, terms: Terms) {
        thread.post {
            quietly { if (side == null) nearby.seekNewcomer(terms) else nearby.awaitNewcomer(side, terms) }
            shown = 0
            if (running) show()
        }
    }

    /** What the person says after they have compared the two screens. */
    fun codesMatch(same: Boolean) {
        thread.post { quietly { nearby.codesMatch(same, now()) } }
    }

    /** Nobody new is to be met any more. */
    fun leaveNewcomer() {
        thread.post { quietly { nearby.leaveNewcomer(now()) } }
    }

    private fun begin() {
        running = true
        server.open(context)
        listening = Listening.on(adapter)?.also { Entrance(it::next, radio, ::enter).begin() }
        val here = ScanFilter.Builder().setServiceUuid(ParcelUuid(Gatt.SERVICE)).build()
        val eager = ScanSettings.Builder().setScanMode(ScanSettings.SCAN_MODE_LOW_LATENCY).build()
        adapter?.bluetoothLeScanner?.startScan(listOf(here), eager, scanning)
        show()
    }

    /** Shows one partner's tag after the other: a phone may advertise only so much at once. */
    private fun show() {
        val advertiser = adapter?.bluetoothLeAdvertiser
        val tags = quietly(nearby::tags).orEmpty()
        thread.removeCallbacks(showing)
        if (!running || advertiser == null) return
        server.told = information(tags, listening?.number ?: 0u)
        if (tags.isNotEmpty()) {
            advertiser.stopAdvertising(advertising)
            // Somebody new stands first in the row: the two people wait for it.
            val tag = tags[shown++ % tags.size]
            val settings = AdvertiseSettings.Builder()
                .setAdvertiseMode(AdvertiseSettings.ADVERTISE_MODE_LOW_LATENCY)
                .setConnectable(true)
                .build()
            // Flags and a 128-bit service leave ten bytes: the tag goes into the answer to a scan.
            val service = AdvertiseData.Builder().addServiceUuid(ParcelUuid(Gatt.SERVICE)).build()
            val answer = AdvertiseData.Builder().addManufacturerData(Gatt.TAG_COMPANY, tag.bytes).build()
            advertiser.startAdvertising(settings, service, answer, advertising)
        }
        thread.postDelayed(showing, TURN)
    }

    private val showing = Runnable { show() }

    private val advertising = object : AdvertiseCallback() {}

    private val scanning = object : ScanCallback() {
        override fun onScanResult(type: Int, result: ScanResult) {
            val record = result.scanRecord ?: return
            val peer = result.device.address
            // An iPhone shows its tag as a name; and Android itself may remember what a device showed before.
            val sights = sights(record.getManufacturerSpecificData(Gatt.TAG_COMPANY), record.deviceName)
            thread.post { for (sight in sights) quietly { nearby.seen(peer, sight, now()) } }
        }
    }

    private val server = GattServer(thread, object : GattServer.Heard {
        override fun up(link: GattServer.Caller) = rise(link, link.peer.address, dialing = false)
        override fun packet(link: GattServer.Caller, bytes: ByteArray) = arrived(link, bytes)
        override fun down(link: GattServer.Caller) = fall(link)
    })

    /** Somebody has opened our channel. */
    private fun enter(entrance: Entrance, pipe: Pipe): Channel {
        lateinit var channel: Channel
        channel = Channel(pipe, radio, object : Channel.Heard {
            override fun packet(bytes: ByteArray) = arrived(channel, bytes)
            override fun down() {
                entrance.left()
                fall(channel)
            }
        })
        rise(channel, (pipe as? SocketPipe)?.peer.orEmpty(), dialing = false)
        return channel
    }

    private val callee = object : GattClient.Heard {
        override fun channel(link: GattClient, told: UShort): UShort? =
            if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q) null else quietly { nearby.channel(link.address, told) }

        override fun noChannel(link: GattClient) {
            quietly { nearby.noChannel(link.address) }
        }

        override fun up(link: GattClient) = rise(link, link.address, dialing = true)
        override fun packet(link: GattClient, bytes: ByteArray) = arrived(link, bytes)
        override fun down(link: GattClient) {
            if (link in numbers) fall(link) else quietly { nearby.noLink(link.address) }
        }
    }

    private fun rise(link: Link, peer: String, dialing: Boolean) {
        val number = ++lastNumber
        links[number] = link
        numbers[link] = number
        quietly {
            if (link.isChannel) nearby.channelUp(number, peer, dialing, now()) else nearby.linkUp(number, peer, link.mtu, dialing, now())
        }
    }

    private fun arrived(link: Link, bytes: ByteArray) {
        val number = numbers[link] ?: return
        quietly { nearby.packet(number, bytes, link.mtu, now()) }
    }

    private fun fall(link: Link) {
        val number = numbers.remove(link) ?: return
        links.remove(number)
        quietly { nearby.linkDown(number, now()) }
    }

    override fun connect(peer: String) {
        thread.post {
            val device = adapter?.getRemoteDevice(peer)
            if (device == null) quietly { nearby.noLink(peer) } else GattClient(thread, radio, device, callee).connect(context)
        }
    }

    override fun send(link: ULong, packet: ByteArray) {
        thread.post { links[link]?.send(packet) }
    }

    override fun hangUp(link: ULong) {
        thread.post {
            links[link]?.close()
            // A stack that never says that it has taken a packet must not keep a link for ever.
            thread.postDelayed({ links[link]?.leave() }, LEAVING)
        }
    }

    override fun wakeAt(at: ULong) {
        thread.removeCallbacks(waking)
        thread.postDelayed(waking, (at.toLong() - now().toLong()).coerceAtLeast(0))
    }

    private val waking = Runnable { quietly { nearby.tick(now()) } }

    private fun now(): ULong = SystemClock.elapsedRealtime().toULong()

    /** A wallet that was closed or frozen meets nobody; what is left is only to be silent. */
    private fun <T> quietly(call: () -> T): T? = try {
        call()
    } catch (refused: HazelException) {
        if (refused.isOver) running = false
        null
    }

    private companion object {
        /** How long one tag is shown. */
        const val TURN = 4_000L
        const val PARTING = 500L
        const val LEAVING = 2_000L
    }
}
