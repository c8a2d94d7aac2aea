package live

// Reading tells whether the hub reads the feed.
func (h *Hub) Reading() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.running
}
